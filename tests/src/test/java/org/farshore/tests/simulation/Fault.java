package org.farshore.tests.simulation;

/**
 * One fault of a scenario.
 *
 * @param number place in the scenario's list, by which {@code simulate --faults} names it.
 * @param atNs virtual time.
 * @param place hop, role or volume, see {@link FaultKind}.
 */
record Fault(int number, long atNs, FaultKind kind, int place, long amount, long durationNs) {
    @Override
    public String toString() {
        return String.format(
                "#%-4d %9.3f s  %-18s at %d  amount %d%s",
                number,
                atNs / 1e9,
                kind,
                place,
                amount,
                durationNs == 0 ? "" : String.format("  for %.3f s", durationNs / 1e9));
    }
}
