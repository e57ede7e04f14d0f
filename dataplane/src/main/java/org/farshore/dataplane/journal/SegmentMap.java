package org.farshore.dataplane.journal;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Which file holds which segment, as the role that writes the journal knows it: readers of a living journal need not read
 * the headers of all its files at each step, of which there are thousands in a window of days.
 *
 * <p>The commit thread changes it, any thread asks. A file that gets a new number holds none while its header is written:
 * whoever sees bytes of the new segment and asks again is not told the old one.
 */
final class SegmentMap {
    private final Path directory;
    private final AtomicLongArray segmentOfSlot;

    /**
     * @param table as recovery has left it.
     * @param slots most files; more when there are more already.
     */
    SegmentMap(final SegmentTable table, final int slots) {
        directory = table.directory();
        segmentOfSlot = new AtomicLongArray(Math.max(slots, table.slotCount()));
        for (int slot = 0; slot < segmentOfSlot.length(); slot++) {
            segmentOfSlot.set(slot, SegmentTable.ABSENT);
        }
        for (final SegmentTable.Entry entry : table.entries()) {
            segmentOfSlot.set(entry.slot, entry.segmentNumber);
        }
    }

    /** Most files. */
    int slots() {
        return segmentOfSlot.length();
    }

    /** Number of the segment in a slot; {@link SegmentTable#ABSENT} for no file, {@link SegmentTable#UNKNOWN} for none. */
    long segmentOf(final int slot) {
        return segmentOfSlot.get(slot);
    }

    /** Commit thread: a slot holds this segment from now on. */
    void put(final int slot, final long segment) {
        segmentOfSlot.set(slot, segment);
    }

    /** Slot that holds a segment, or has no file when asked for {@link SegmentTable#ABSENT}; -1 when there is none. */
    int slotOf(final long segment) {
        for (int slot = 0; slot < segmentOfSlot.length(); slot++) {
            if (segmentOfSlot.get(slot) == segment) {
                return slot;
            }
        }
        return -1;
    }

    /** Lowest segment above {@code segment}, or -1. */
    long next(final long segment) {
        long best = -1;
        for (int slot = 0; slot < segmentOfSlot.length(); slot++) {
            final long held = segmentOfSlot.get(slot);
            if (held > segment && (best < 0 || held < best)) {
                best = held;
            }
        }
        return best;
    }

    /** Where the files lie. */
    Path directory() {
        return directory;
    }

    /** File of a slot. */
    Path path(final int slot) {
        return directory.resolve(nameOf(slot));
    }

    static String nameOf(final int slot) {
        final String digits = Integer.toString(slot);
        return SegmentRing.NAME_PREFIX + "00000".substring(Math.min(5, digits.length())) + digits;
    }
}
