package org.farshore.tests.simulation;

/** One seed of the whole simulation. */
public final class WorldHunt extends ScenarioHunt {
    @Override
    Scenario scenario(final long seed) {
        return Scenario.of(seed);
    }
}
