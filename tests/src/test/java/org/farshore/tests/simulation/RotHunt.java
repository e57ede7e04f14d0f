package org.farshore.tests.simulation;

import org.farshore.tests.simulation.bugs.Hunt;

/** One seed of the whole simulation, with a window of the past in a journal that rots again and again. */
public final class RotHunt implements Hunt {
    static final int ROTS = 40;

    static Scenario scenario(final long seed) {
        return Scenario.of(seed).withRetention(WindowHunt.WINDOW_NS).withRot(ROTS);
    }

    @Override
    public String apply(final long seed) {
        final Outcome outcome = World.run(scenario(seed));
        return outcome.isGood()
                ? null
                : outcome.violation().invariant() + ": " + outcome.violation().getMessage();
    }
}
