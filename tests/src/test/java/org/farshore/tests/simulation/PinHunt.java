package org.farshore.tests.simulation;

/** One seed of the whole simulation, with pinned points of a window of the past, also of volumes that leave the stream. */
public final class PinHunt extends ScenarioHunt {
    private static final int LEAVES = 2;

    @Override
    Scenario scenario(final long seed) {
        return Scenario.of(seed).pinned(WindowHunt.WINDOW_NS).withLeaves(LEAVES);
    }
}
