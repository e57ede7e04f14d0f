package org.farshore.tests.simulation;

/** One seed of the whole simulation, with a master target that keeps a window of the past. */
public final class WindowHunt extends ScenarioHunt {
    static final long WINDOW_NS = 4_000_000_000L;

    @Override
    Scenario scenario(final long seed) {
        return Scenario.of(seed).withRetention(WINDOW_NS);
    }
}
