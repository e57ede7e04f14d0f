package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Knows every write of the source, and so which states its volumes could have had.
 *
 * <p>A state is legal when it holds, with each write, every write that had completed before that one was submitted: then a
 * power cut could have left it. That is asked sector by sector. Each sector's content names the write that it is of
 * ({@link SectorStamp}). Let <i>bound</i> be the clock of the cut, or the latest submission among the writes that are
 * seen, if that is later. A sector is legal when no other write of it had completed before the bound and was submitted
 * after the seen one had ended. So <em>prefix</em> is checked across all volumes at once, with the order of dependent writes,
 * at a cost that grows with the sectors alone; which of several writes in flight at once came last stays open, as it is on
 * a disk.
 *
 * <p>A power cut of the source begins an epoch: what had not reached the device by then never happened. A state that was said
 * before the cut is judged by what was true before it.
 */
final class VolumeOracle {
    private static final long NEVER = Long.MAX_VALUE;
    private static final long BEFORE_ALL = -1;

    private final List<int[][]> history = new ArrayList<>();
    private final List<int[]> counts = new ArrayList<>();
    private final List<Write> writes = new ArrayList<>();
    private final Map<Integer, Seen> seen = new HashMap<>();
    private long checks;

    /** A copy as it was last looked at. */
    private static final class Seen {
        private byte[] bytes = {};
        private int[] stamps = {};
    }

    /** One write, discard or write-zeroes of the source. */
    private static final class Write {
        private final boolean zeroes;
        private final long submitNs;
        private long endNs = NEVER;
        /** True when it ended well: then nobody may be without it. */
        private boolean isOwed;
        /** Sectors that had not landed when the source lost its power; null when all had. */
        private BitSet neverLanded;

        private long voidNs = NEVER;
        private final int volume;
        private final int sector;

        Write(final boolean zeroes, final int volume, final int sector, final long submitNs) {
            this.zeroes = zeroes;
            this.volume = volume;
            this.sector = sector;
            this.submitNs = submitNs;
        }

        boolean isVoid(final int atSector, final long saidNs) {
            return neverLanded != null && saidNs >= voidNs && neverLanded.get(atSector - sector);
        }
    }

    VolumeOracle() {
        final Write nothing = new Write(true, 0, 0, BEFORE_ALL);
        nothing.endNs = BEFORE_ALL;
        nothing.isOwed = true;
        writes.add(nothing);
    }

    /** One more volume, full of zeros. */
    void addVolume(final int sectors) {
        history.add(new int[sectors][]);
        counts.add(new int[sectors]);
    }

    /** A volume is longer now; what was added is zeros. */
    void grow(final int volume, final int sectors) {
        history.set(volume, Arrays.copyOf(history.get(volume), sectors));
        counts.set(volume, Arrays.copyOf(counts.get(volume), sectors));
    }

    /** A write is submitted; its number, from 1, is what its sectors are stamped with. */
    int submitted(final boolean zeroes, final int volume, final int sector, final int sectors, final long nowNs) {
        final int number = writes.size();
        writes.add(new Write(zeroes, volume, sector, nowNs));
        final int[][] entries = history.get(volume);
        final int[] count = counts.get(volume);
        for (int at = sector; at < sector + sectors; at++) {
            if (entries[at] == null) {
                entries[at] = new int[4];
            } else if (entries[at].length == count[at]) {
                entries[at] = Arrays.copyOf(entries[at], 2 * count[at]);
            }
            entries[at][count[at]++] = number;
        }
        return number;
    }

    /** A write ended; one that failed may have left anything of itself. */
    void ended(final int number, final boolean well, final long nowNs) {
        writes.get(number).endNs = nowNs;
        writes.get(number).isOwed = well;
    }

    /** The source lost its power with this write in flight; {@code landed} sectors of it are on the device. */
    void cutOff(final int number, final int sectors, final BitSet landed, final long nowNs) {
        final Write write = writes.get(number);
        write.endNs = nowNs;
        write.voidNs = nowNs;
        write.neverLanded = (BitSet) landed.clone();
        write.neverLanded.flip(0, sectors);
    }

    /** Full checks so far. */
    long checks() {
        return checks;
    }

    /**
     * I1: these volumes are together a state that the source could have had.
     *
     * @param saidNs when the agent said so; a word from before a power cut may become durable behind it.
     * @param cutNs everything that had completed before is owed.
     * @throws Violation when it is none.
     */
    void check(final long saidNs, final long cutNs, final List<Integer> ordered, final Map<Integer, byte[]> copies) {
        checks++;
        final List<int[]> shown = new ArrayList<>();
        long bound = cutNs;
        for (final int volume : ordered) {
            final int[] stamps = stamps(volume, copies.get(volume));
            shown.add(stamps);
            for (int i = 0; i < stamps.length; i++) {
                bound = Math.max(bound, stamps[i] == 0 ? BEFORE_ALL : writes.get(stamps[i]).submitNs);
            }
        }
        for (int i = 0; i < shown.size(); i++) {
            checkVolume(ordered.get(i), shown.get(i), saidNs, bound);
        }
    }

    /** What each sector shows; only those that have changed since the last look are read. */
    private int[] stamps(final int volume, final byte[] copy) {
        final Seen before = seen.computeIfAbsent(volume, number -> new Seen());
        final int[] stamps = Arrays.copyOf(before.stamps, copy.length / SectorStamp.LENGTH);
        for (int sector = 0; sector < stamps.length; sector++) {
            final int at = sector * SectorStamp.LENGTH;
            final int behind = at + SectorStamp.LENGTH;
            if (behind > before.bytes.length || !Arrays.equals(copy, at, behind, before.bytes, at, behind)) {
                stamps[sector] = stamp(volume, copy, sector);
            }
        }
        before.stamps = stamps;
        before.bytes = copy.clone();
        return stamps;
    }

    private int stamp(final int volume, final byte[] copy, final int sector) {
        final int stamp = SectorStamp.read(copy, sector * SectorStamp.LENGTH, volume, sector);
        if (stamp == SectorStamp.DAMAGED
                || stamp >= writes.size()
                || (stamp > 0 && writes.get(stamp).volume != volume)) {
            throw new Violation("I1", "sector " + sector + " of volume " + volume + " is of no write");
        }
        return stamp;
    }

    private void checkVolume(final int volume, final int[] stamps, final long saidNs, final long bound) {
        final int[][] entries = history.get(volume);
        final int[] count = counts.get(volume);
        for (int sector = 0; sector < stamps.length && sector < entries.length; sector++) {
            if (entries[sector] == null) {
                if (stamps[sector] != 0) {
                    throw new Violation("I1", "sector " + sector + " of volume " + volume + " was never written");
                }
                continue;
            }
            final boolean isLegal = stamps[sector] == 0
                    ? areZerosLegal(entries[sector], count[sector], sector, saidNs, bound)
                    : isLegal(stamps[sector], entries[sector], count[sector], sector, saidNs, bound);
            if (!isLegal) {
                throw new Violation(
                        "I1",
                        "sector " + sector + " of volume " + volume + " shows write " + describe(stamps[sector])
                                + ", at " + bound + " ns it must have one of "
                                + describe(entries[sector], count[sector]));
            }
        }
    }

    private boolean areZerosLegal(
            final int[] entries, final int count, final int sector, final long saidNs, final long bound) {
        if (isLegal(0, entries, count, sector, saidNs, bound)) {
            return true;
        }
        for (int i = 0; i < count; i++) {
            if (writes.get(entries[i]).zeroes && isLegal(entries[i], entries, count, sector, saidNs, bound)) {
                return true;
            }
        }
        return false;
    }

    /** True when the seen write may be what is there: it was not void, and none is owed that came surely later. */
    private boolean isLegal(
            final int seen,
            final int[] entries,
            final int count,
            final int sector,
            final long saidNs,
            final long bound) {
        final Write write = writes.get(seen);
        if (write.isVoid(sector, saidNs)) {
            return false;
        }
        for (int i = count - 1; i >= 0; i--) {
            final Write other = writes.get(entries[i]);
            if (other.isOwed && other.endNs < bound && other.submitNs > write.endNs) {
                return false;
            }
        }
        return true;
    }

    private String describe(final int[] entries, final int count) {
        final StringBuilder text = new StringBuilder();
        for (int i = Math.max(0, count - 6); i < count; i++) {
            text.append(text.isEmpty() ? "" : ", ").append(describe(entries[i]));
        }
        return text.toString();
    }

    String describe(final int number) {
        if (number == SectorStamp.DAMAGED) {
            return "none";
        }
        final Write write = writes.get(number);
        return number + " (" + (write.zeroes ? "zeros " : "") + write.submitNs + ".."
                + (write.endNs == NEVER ? "" : write.endNs) + (write.isOwed ? "" : ", not owed") + ")";
    }
}
