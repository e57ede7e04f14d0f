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
 * @param quietNs when faults and workload end.
 */
record Scenario(
        long seed,
        Workload workload,
        Installation installation,
        long quietNs,
        Set<FaultFamily> families,
        List<Fault> faults) {
    private static final long SECOND_NS = 1_000_000_000L;

    /**
     * What the source does.
     *
     * @param volumeSectors length of each volume at the begin, in sectors of 512 bytes.
     * @param writesMax how much the source writes until it stops.
     * @param writesPerSecond rate, mean.
     * @param sectorsMax longest write.
     * @param inFlightMax writes between submission and completion.
     * @param overlaps true when writes may overlap others in flight.
     */
    record Workload(
            int[] volumeSectors,
            int writesMax,
            int writesPerSecond,
            int sectorsMax,
            int inFlightMax,
            boolean overlaps) {
        private static final int WRITES_FACTOR = 2;
        private static final int LONG_WRITE_SECTORS = 128;

        private Workload withWrites(final int count) {
            return new Workload(volumeSectors, count, writesPerSecond, sectorsMax, inFlightMax, overlaps);
        }

        private Workload heavier() {
            return new Workload(
                    volumeSectors,
                    writesMax * WRITES_FACTOR,
                    writesPerSecond * WRITES_FACTOR,
                    LONG_WRITE_SECTORS,
                    inFlightMax,
                    overlaps);
        }
    }

    /**
     * How roles and network are set up.
     *
     * @param latencyNs of each hop, least.
     * @param windowLength bytes under way on one stream of the network.
     * @param retentionNs how far back the master target keeps points; 0 keeps none.
     * @param isPinned true when somebody pins points; only with retention.
     * @param isOperated true when somebody opens views and fails over; only with retention.
     */
    record Installation(
            int ringLength,
            long latencyNs,
            int windowLength,
            int journalSegments,
            long retentionNs,
            boolean isPinned,
            boolean isOperated) {
        /** A window's journal is so much longer. */
        private static final int SEGMENTS_FACTOR = 8;

        private Installation withRetention(final long windowNs, final boolean pinned, final boolean operated) {
            return new Installation(
                    ringLength, latencyNs, windowLength, journalSegments * SEGMENTS_FACTOR, windowNs, pinned, operated);
        }
    }

    /** The scenario of a seed. */
    static Scenario of(final long seed) {
        return new ScenarioMaker(seed).make();
    }

    private Scenario with(final Workload otherWorkload, final Installation other, final List<Fault> kept) {
        return new Scenario(seed, otherWorkload, other, quietNs, families, List.copyOf(kept));
    }

    /** The same with some of the faults. */
    Scenario withFaults(final List<Fault> kept) {
        return with(workload, installation, kept);
    }

    /** The same with a master target that keeps a window of the past, and a journal that has room for it. */
    Scenario withRetention(final long windowNs) {
        return with(workload, installation.withRetention(windowNs, false, false), faults);
    }

    /** The same with a window, and somebody who pins points of it. */
    Scenario pinned(final long windowNs) {
        return with(workload, installation.withRetention(windowNs, true, false), faults);
    }

    /** The same with a window, and an operator who opens views of the past and fails over ({@link FailoverPlay}). */
    Scenario operated(final long windowNs) {
        return with(workload, installation.withRetention(windowNs, false, true), faults);
    }

    /** True when bits flip in the journal. */
    boolean rots() {
        return faults.stream().anyMatch(fault -> fault.kind() == FaultKind.ROT);
    }

    /**
     * The same with so many more bits that flip in the journal, and with more and longer writes, so that retire comes past
     * them.
     */
    Scenario withRot(final int count) {
        final Dice dice = Dice.of(seed, "rot");
        final List<Fault> more = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final long atNs = dice.between(0, quietNs - SECOND_NS);
            more.add(new Fault(0, atNs, FaultKind.ROT, 2, dice.nextLong() >>> 1, 0));
        }
        return with(workload.heavier(), installation, faultsAnd(more));
    }

    /** The same with volumes that leave the stream so often and come back. */
    Scenario withLeaves(final int count) {
        final Dice dice = Dice.of(seed, "leaves");
        final List<Fault> more = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final int volume = dice.below(workload.volumeSectors().length);
            final long atNs = dice.between(0, quietNs - SECOND_NS);
            more.add(new Fault(0, atNs, FaultKind.LEAVE, volume, 0, dice.skewed(SECOND_NS / 100, 8 * SECOND_NS)));
        }
        return with(workload, installation, faultsAnd(more));
    }

    private List<Fault> faultsAnd(final List<Fault> more) {
        final List<Fault> drawn = new ArrayList<>(faults);
        drawn.addAll(more);
        drawn.sort(Comparator.comparingLong(Fault::atNs));
        final List<Fault> numbered = new ArrayList<>();
        for (final Fault fault : drawn) {
            numbered.add(new Fault(
                    numbered.size(), fault.atNs(), fault.kind(), fault.place(), fault.amount(), fault.durationNs()));
        }
        return numbered;
    }

    /** The same with the faults of these numbers. */
    Scenario withFaultNumbers(final BitSet numbers) {
        return withFaults(
                faults.stream().filter(fault -> numbers.get(fault.number())).toList());
    }

    /** The same with fewer writes. */
    Scenario withWrites(final int count) {
        return with(workload.withWrites(count), installation, faults);
    }

    /** For people: the world in one line, then the faults. */
    String describe() {
        final StringBuilder text = new StringBuilder();
        text.append("seed ").append(seed).append(": volumes");
        for (final int sectors : workload.volumeSectors()) {
            text.append(' ').append(sectors / 2).append(" KiB");
        }
        text.append(", ring ")
                .append(installation.ringLength() >> 10)
                .append(" KiB, up to ")
                .append(workload.writesMax());
        text.append(" writes of at most ").append(workload.sectorsMax() / 2).append(" KiB, ");
        text.append(workload.writesPerSecond())
                .append("/s, ")
                .append(workload.inFlightMax())
                .append(" in flight");
        text.append(workload.overlaps() ? ", overlapping" : "")
                .append(", latency ")
                .append(installation.latencyNs() / 1000);
        text.append(" us, window ").append(installation.windowLength() >> 10).append(" KiB, ");
        text.append(installation.journalSegments())
                .append(" segments, quiet at ")
                .append(quietNs / SECOND_NS)
                .append(" s, retention ")
                .append(installation.retentionNs() / SECOND_NS)
                .append(" s")
                .append(installation.isPinned() ? ", pinned" : "")
                .append(installation.isOperated() ? ", operated\n" : "\n");
        text.append("families ")
                .append(families.isEmpty() ? "none" : EnumSet.copyOf(families))
                .append('\n');
        faults.forEach(fault -> text.append("  ").append(fault).append('\n'));
        return text.toString();
    }
}
