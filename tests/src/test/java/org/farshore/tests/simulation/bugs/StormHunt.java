package org.farshore.tests.simulation.bugs;

import org.farshore.tests.simulation.small.Storm;

/** All three roles, some hundred writes, some dozen fates. */
public final class StormHunt implements Hunt {
    @Override
    public String apply(final long seed) {
        return Storm.play(seed);
    }
}
