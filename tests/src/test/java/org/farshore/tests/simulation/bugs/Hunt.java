package org.farshore.tests.simulation.bugs;

import java.util.function.LongFunction;

/**
 * One run of a simulation from a seed: null when every invariant held to the end, else what was broken. Made without
 * arguments in a {@link BuggyProduct}, and seen from outside as the function that it is, since a class of ours is another
 * class there.
 */
public interface Hunt extends LongFunction<String> {}
