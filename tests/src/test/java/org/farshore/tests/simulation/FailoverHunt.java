package org.farshore.tests.simulation;

import org.farshore.tests.simulation.bugs.Hunt;

/** One seed of the whole simulation, with an operator who opens views of the past and fails over. */
public final class FailoverHunt implements Hunt {
    @Override
    public String apply(final long seed) {
        final Outcome outcome = World.run(Scenario.of(seed).operated(WindowHunt.WINDOW_NS));
        return outcome.isGood()
                ? null
                : outcome.violation().invariant() + ": " + outcome.violation().getMessage();
    }
}
