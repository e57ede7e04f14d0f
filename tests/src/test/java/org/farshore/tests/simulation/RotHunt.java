package org.farshore.tests.simulation;

/** One seed of the whole simulation, with a window of the past in a journal that rots again and again. */
public final class RotHunt extends ScenarioHunt {
    private static final int ROTS = 40;

    @Override
    Scenario scenario(final long seed) {
        return Scenario.of(seed).withRetention(WindowHunt.WINDOW_NS).withRot(ROTS);
    }
}
