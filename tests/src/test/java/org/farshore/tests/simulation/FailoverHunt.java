package org.farshore.tests.simulation;

/** One seed of the whole simulation, with an operator who opens views of the past and fails over. */
public final class FailoverHunt extends ScenarioHunt {
    @Override
    Scenario scenario(final long seed) {
        return Scenario.of(seed).operated(WindowHunt.WINDOW_NS);
    }
}
