package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Everything that a run is made from. A seed gives it; leaving out faults and writes gives smaller ones, which are runs of
 * their own.
 *
 * @param volumeSectors length of each volume at the begin, in sectors of 512 bytes.
 * @param writesMax how much the source writes until it stops.
 * @param writesPerSecond rate of the workload, mean.
 * @param sectorsMax longest write.
 * @param inFlightMax writes between submission and completion.
 * @param overlaps true when writes may overlap others in flight.
 * @param latencyNs of each hop, least.
 * @param windowLength bytes under way on one stream of the network.
 * @param quietNs when faults and workload end.
 * @param retentionNs how far back the master target keeps points; 0 keeps none.
 * @param isOperated true when somebody opens views and fails over; only with retention.
 */
record Scenario(
        long seed,
        int[] volumeSectors,
        int ringLength,
        int writesMax,
        int writesPerSecond,
        int sectorsMax,
        int inFlightMax,
        boolean overlaps,
        long latencyNs,
        int windowLength,
        int journalSegments,
        long quietNs,
        Set<FaultFamily> families,
        List<Fault> faults,
        long retentionNs,
        boolean isOperated) {
    private static final long SECOND_NS = 1_000_000_000L;
    /** A window's journal is so much longer. */
    private static final int SEGMENTS_FACTOR = 8;

    private static final int WRITES_FACTOR = 2;
    private static final int LONG_WRITE_SECTORS = 128;

    /** The scenario of a seed. */
    static Scenario of(final long seed) {
        return new ScenarioMaker(seed).make();
    }

    /** The same with some of the faults. */
    Scenario withFaults(final List<Fault> kept) {
        return new Scenario(
                seed,
                volumeSectors,
                ringLength,
                writesMax,
                writesPerSecond,
                sectorsMax,
                inFlightMax,
                overlaps,
                latencyNs,
                windowLength,
                journalSegments,
                quietNs,
                families,
                List.copyOf(kept),
                retentionNs,
                isOperated);
    }

    /** The same with a master target that keeps a window of the past, and a journal that has room for it. */
    Scenario withRetention(final long windowNs) {
        return new Scenario(
                seed,
                volumeSectors,
                ringLength,
                writesMax,
                writesPerSecond,
                sectorsMax,
                inFlightMax,
                overlaps,
                latencyNs,
                windowLength,
                journalSegments * SEGMENTS_FACTOR,
                quietNs,
                families,
                faults,
                windowNs,
                isOperated);
    }

    /**
     * The same with a window, and an operator who opens views of the past and fails over ({@link FailoverPlay}). Nothing rots:
     * a commit that needs a damaged frame stands still, and there is no way to go on without it.
     */
    Scenario operated(final long windowNs) {
        final Scenario kept = withRetention(windowNs);
        return new Scenario(
                kept.seed,
                kept.volumeSectors,
                kept.ringLength,
                kept.writesMax,
                kept.writesPerSecond,
                kept.sectorsMax,
                kept.inFlightMax,
                kept.overlaps,
                kept.latencyNs,
                kept.windowLength,
                kept.journalSegments,
                kept.quietNs,
                kept.families,
                kept.faults.stream()
                        .filter(fault -> fault.kind() != FaultKind.ROT)
                        .toList(),
                kept.retentionNs,
                true);
    }

    /**
     * The same with so many more bits that flip in the journal, and with more and longer writes, so that retire comes past
     * them.
     */
    Scenario withRot(final int count) {
        final Dice dice = Dice.of(seed, "rot");
        final List<Fault> drawn = new ArrayList<>(faults);
        for (int i = 0; i < count; i++) {
            final long atNs = dice.between(0, quietNs - SECOND_NS);
            drawn.add(new Fault(0, atNs, FaultKind.ROT, 2, dice.nextLong() >>> 1, 0));
        }
        drawn.sort(Comparator.comparingLong(Fault::atNs));
        final List<Fault> numbered = new ArrayList<>();
        for (final Fault fault : drawn) {
            numbered.add(new Fault(
                    numbered.size(), fault.atNs(), fault.kind(), fault.place(), fault.amount(), fault.durationNs()));
        }
        return new Scenario(
                seed,
                volumeSectors,
                ringLength,
                writesMax * WRITES_FACTOR,
                writesPerSecond * WRITES_FACTOR,
                LONG_WRITE_SECTORS,
                inFlightMax,
                overlaps,
                latencyNs,
                windowLength,
                journalSegments,
                quietNs,
                families,
                List.copyOf(numbered),
                retentionNs,
                isOperated);
    }

    /** The same with the faults of these numbers. */
    Scenario withFaultNumbers(final BitSet numbers) {
        final List<Fault> kept = new ArrayList<>();
        for (final Fault fault : faults) {
            if (numbers.get(fault.number())) {
                kept.add(fault);
            }
        }
        return withFaults(kept);
    }

    /** The same with fewer writes. */
    Scenario withWrites(final int count) {
        return new Scenario(
                seed,
                volumeSectors,
                ringLength,
                count,
                writesPerSecond,
                sectorsMax,
                inFlightMax,
                overlaps,
                latencyNs,
                windowLength,
                journalSegments,
                quietNs,
                families,
                faults,
                retentionNs,
                isOperated);
    }

    /** For people: the world in one line, then the faults. */
    String describe() {
        final StringBuilder text = new StringBuilder();
        text.append("seed ").append(seed).append(": volumes");
        for (final int sectors : volumeSectors) {
            text.append(' ').append(sectors / 2).append(" KiB");
        }
        text.append(", ring ").append(ringLength >> 10).append(" KiB, up to ").append(writesMax);
        text.append(" writes of at most ").append(sectorsMax / 2).append(" KiB, ");
        text.append(writesPerSecond).append("/s, ").append(inFlightMax).append(" in flight");
        text.append(overlaps ? ", overlapping" : "").append(", latency ").append(latencyNs / 1000);
        text.append(" us, window ").append(windowLength >> 10).append(" KiB, ");
        text.append(journalSegments)
                .append(" segments, quiet at ")
                .append(quietNs / SECOND_NS)
                .append(" s, retention ")
                .append(retentionNs / SECOND_NS)
                .append(isOperated ? " s, operated\n" : " s\n");
        text.append("families ")
                .append(families.isEmpty() ? "none" : EnumSet.copyOf(families))
                .append('\n');
        faults.forEach(fault -> text.append("  ").append(fault).append('\n'));
        return text.toString();
    }
}
