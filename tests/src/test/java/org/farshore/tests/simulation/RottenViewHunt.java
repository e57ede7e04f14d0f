package org.farshore.tests.simulation;

/** One seed of the whole simulation, with views and failovers over a journal that rots. */
public final class RottenViewHunt extends ScenarioHunt {
    private static final int ROTS = 10;

    @Override
    Scenario scenario(final long seed) {
        return Scenario.of(seed).operated(WindowHunt.WINDOW_NS).withRot(ROTS);
    }
}
