package org.farshore.tests.simulation;

/**
 * How a run ended.
 *
 * @param violation the invariant that does not hold, or null when all do.
 * @param hash of all events; equal for equal runs.
 */
record Outcome(Scenario scenario, Violation violation, long hash, Tally tally) {
    boolean isGood() {
        return violation == null;
    }
}
