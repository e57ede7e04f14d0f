package org.farshore.tests.simulation;

/** What happened in one or many runs: faults by kind, rare states, time, steps. */
final class Tally {
    private final long[] faults = new long[FaultKind.values().length];
    private final long[] rarities = new long[Rarity.values().length];
    private long steps;
    private long simulatedNs;
    private long writes;
    private long checks;
    private long points;

    void fault(final FaultKind kind) {
        faults[kind.ordinal()]++;
    }

    void reached(final Rarity rarity) {
        rarities[rarity.ordinal()]++;
    }

    void step() {
        steps++;
    }

    void write() {
        writes++;
    }

    void check() {
        checks++;
    }

    void point() {
        points++;
    }

    void simulated(final long ns) {
        simulatedNs += ns;
    }

    long faults(final FaultKind kind) {
        return faults[kind.ordinal()];
    }

    long faults() {
        long sum = 0;
        for (final long count : faults) {
            sum += count;
        }
        return sum;
    }

    long reachedCount(final Rarity rarity) {
        return rarities[rarity.ordinal()];
    }

    long steps() {
        return steps;
    }

    long simulatedNs() {
        return simulatedNs;
    }

    long writes() {
        return writes;
    }

    /** Full checks of all volumes. */
    long checks() {
        return checks;
    }

    /** Recovery points whose content was checked. */
    long points() {
        return points;
    }

    void add(final Tally other) {
        for (int i = 0; i < faults.length; i++) {
            faults[i] += other.faults[i];
        }
        for (int i = 0; i < rarities.length; i++) {
            rarities[i] += other.rarities[i];
        }
        steps += other.steps;
        simulatedNs += other.simulatedNs;
        writes += other.writes;
        checks += other.checks;
        points += other.points;
    }
}
