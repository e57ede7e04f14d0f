package org.farshore.tests.simulation;

/** One seed of the whole simulation, with a window of the past and volumes that leave the stream and come back. */
public final class LeaveHunt extends ScenarioHunt {
    private static final int LEAVES = 6;

    @Override
    Scenario scenario(final long seed) {
        return Scenario.of(seed).withRetention(WindowHunt.WINDOW_NS).withLeaves(LEAVES);
    }
}
