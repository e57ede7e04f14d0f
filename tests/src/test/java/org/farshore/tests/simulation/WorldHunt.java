package org.farshore.tests.simulation;

import org.farshore.tests.simulation.bugs.Hunt;

/** One seed of the whole simulation. */
public final class WorldHunt implements Hunt {
    @Override
    public String apply(final long seed) {
        final Outcome outcome = World.run(Scenario.of(seed));
        return outcome.isGood()
                ? null
                : outcome.violation().invariant() + ": " + outcome.violation().getMessage();
    }
}
