package org.farshore.tests.simulation;

import org.farshore.tests.simulation.bugs.Hunt;

/** One seed of the whole simulation, in a scenario that is made of it. */
abstract class ScenarioHunt implements Hunt {
    /** The world of a seed. */
    abstract Scenario scenario(long seed);

    @Override
    public final String apply(final long seed) {
        final Outcome outcome = World.run(scenario(seed));
        return outcome.isGood()
                ? null
                : outcome.violation().invariant() + ": " + outcome.violation().getMessage();
    }
}
