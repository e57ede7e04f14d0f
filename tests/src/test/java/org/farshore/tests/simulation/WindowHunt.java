package org.farshore.tests.simulation;

import org.farshore.tests.simulation.bugs.Hunt;

/** One seed of the whole simulation, with a master target that keeps a window of the past. */
public final class WindowHunt implements Hunt {
    static final long WINDOW_NS = 4_000_000_000L;

    @Override
    public String apply(final long seed) {
        final Outcome outcome = World.run(Scenario.of(seed).withRetention(WINDOW_NS));
        return outcome.isGood()
                ? null
                : outcome.violation().invariant() + ": " + outcome.violation().getMessage();
    }
}
