package org.farshore.dataplane.journal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFiles;

/** Looks for whole groups and for traces of frames in segment files; decides nothing. One thread. */
final class GroupFinder implements AutoCloseable {
    /** Room for the longest group, and as much again so that small groups are read many at a time. */
    private static final int WINDOW_LENGTH = 2 * JournalLimits.GROUP_LENGTH_MAX + JournalLimits.BLOCK_LENGTH;

    private static final int SEGMENT_OFFSET_FIELD = 12;
    private static final int SEGMENT_NUMBER_FIELD = 16;

    private final SegmentTable table;
    private final Positions positions;
    private final long machineIdHigh;
    private final long machineIdLow;
    private final SegmentWindow window;
    private final JournalFrameFlyweight frame = new JournalFrameFlyweight();
    private long foundDurablePosition;
    private long foundGroupPosition;

    GroupFinder(
            final BlockFiles files,
            final BlockFiles.Mode mode,
            final SegmentTable table,
            final Positions positions,
            final long machineIdHigh,
            final long machineIdLow) {
        this.table = table;
        this.positions = positions;
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
        this.window = new SegmentWindow(files, mode, WINDOW_LENGTH);
    }

    /** Looks at a segment; false when no file holds it. */
    boolean open(final long segment) throws IOException {
        if (window.segmentNumber() == segment) {
            return true;
        }
        final SegmentTable.Entry entry = table.find(segment);
        if (entry == null) {
            return false;
        }
        window.open(entry.path, entry.segmentNumber, positions.segmentLength());
        return true;
    }

    /** Reads files anew from now on. */
    void forget() {
        window.close();
    }

    /**
     * Length of the whole group that begins at this place, or 0. Whole: a frame flagged FIRST, frames without a gap that
     * name the same life and durable position, a PAD that ends on a block.
     */
    int wholeGroup(final long segment, final int offset) throws IOException {
        if (offset % JournalLimits.BLOCK_LENGTH != 0 || !open(segment)) {
            return 0;
        }
        int length = 0;
        long life = 0;
        while (isFrameAt(segment, offset + length) && frame.isFirst() == (length == 0)) {
            if (length == 0) {
                life = frame.life();
                foundDurablePosition = frame.durablePosition();
                if (foundDurablePosition > positions.of(segment, offset)) {
                    return 0;
                }
            } else if (frame.life() != life || frame.durablePosition() != foundDurablePosition) {
                return 0;
            }
            length += frame.alignedLength();
            if (length > JournalLimits.GROUP_LENGTH_MAX) {
                return 0;
            }
            if (frame.type() == JournalFrameFlyweight.TYPE_PAD) {
                return length % JournalLimits.BLOCK_LENGTH == 0 ? length : 0;
            }
        }
        return 0;
    }

    /** Durable position named by the group that {@link #wholeGroup} or {@link #firstFrame} found. */
    long foundDurablePosition() {
        return foundDurablePosition;
    }

    /** Version of a whole frame of a newer Farshore that begins here, or 0. */
    int newerVersion(final long segment, final int offset) throws IOException {
        if (offset % JournalLimits.BLOCK_LENGTH != 0 || !open(segment)) {
            return 0;
        }
        final int available = window.load(offset, JournalLimits.FRAME_LENGTH_MAX);
        return frame.isNewerAt(window.buffer(), window.index(offset), available, segment, offset) ? frame.version() : 0;
    }

    /** True when a valid frame flagged FIRST begins here, whole group or not. */
    boolean firstFrame(final long segment, final int offset) throws IOException {
        if (!open(segment) || !isFrameAt(segment, offset) || !frame.isFirst()) {
            return false;
        }
        foundDurablePosition = frame.durablePosition();
        return true;
    }

    private boolean isFrameAt(final long segment, final int offset) throws IOException {
        final int available = window.load(offset, JournalLimits.FRAME_LENGTH_MAX);
        return isOurs(segment, offset, available);
    }

    private boolean isOurs(final long segment, final int offset, final int available) {
        return available >= JournalFrameFlyweight.HEADER_LENGTH
                && frame.isValidAt(window.buffer(), window.index(offset), available, segment, offset)
                && frame.machineIdHigh() == machineIdHigh
                && frame.machineIdLow() == machineIdLow;
    }

    /** Has a whole group in memory and answers where in {@link #buffer()} it begins. */
    int loadGroup(final int offset, final int length) throws IOException {
        window.load(offset, length);
        return window.index(offset);
    }

    UnsafeBuffer buffer() {
        return window.buffer();
    }

    /**
     * Looks at every place of a segment from {@code offset} on for a valid frame that names a durable position above
     * {@code position}: proof that what lies at {@code position} was synced once.
     */
    boolean findProof(final long segment, final int offset, final long position) throws IOException {
        if (!open(segment)) {
            return false;
        }
        for (int at = findFrame(segment, offset); at >= 0; at = findFrame(segment, at + 1)) {
            final long durable = frame.durablePosition();
            if (durable > position && durable <= positions.of(segment, at)) {
                foundGroupPosition = positions.segmentOf(durable) == segment ? durable : positions.begin(segment);
                return true;
            }
        }
        return false;
    }

    /** Where the group of the frame that {@link #findProof} found begins. */
    long foundGroupPosition() {
        return foundGroupPosition;
    }

    /** End of the last frame, in the group that would begin at {@code offset}, of which traces are left; or offset. */
    int endOfTraces(final long segment, final int offset, final long position) throws IOException {
        int end = offset;
        final int limit = offset + JournalLimits.GROUP_LENGTH_MAX;
        if (!open(segment)) {
            return end;
        }
        for (int at = findFrame(segment, offset); at >= 0 && at < limit; at = findFrame(segment, at + 1)) {
            if (frame.durablePosition() == position || offset == JournalLimits.SEGMENT_HEADER_LENGTH) {
                end = at + frame.alignedLength();
            }
        }
        if (end == offset && window.load(offset, JournalLimits.BLOCK_LENGTH) > 0 && namesPlace(segment, offset)) {
            end = offset + JournalLimits.BLOCK_LENGTH;
        }
        return end;
    }

    /** Offset of the next valid frame at or behind {@code from}, or -1; the flyweight lies over it. */
    private int findFrame(final long segment, final int from) throws IOException {
        int offset = (from + JournalLimits.FRAME_ALIGNMENT - 1) & -JournalLimits.FRAME_ALIGNMENT;
        int available = window.load(offset, JournalLimits.FRAME_LENGTH_MAX);
        while (available >= JournalFrameFlyweight.HEADER_LENGTH) {
            if (namesPlace(segment, offset)) {
                available = window.load(offset, JournalLimits.FRAME_LENGTH_MAX);
                if (isOurs(segment, offset, available)) {
                    return offset;
                }
            }
            offset += JournalLimits.FRAME_ALIGNMENT;
            available -= JournalLimits.FRAME_ALIGNMENT;
            if (available < JournalFrameFlyweight.HEADER_LENGTH) {
                available = window.load(offset, JournalLimits.FRAME_LENGTH_MAX);
            }
        }
        return -1;
    }

    private boolean namesPlace(final long segment, final int offset) {
        final int index = window.index(offset);
        final UnsafeBuffer buffer = window.buffer();
        return buffer.getInt(index + SEGMENT_OFFSET_FIELD, LITTLE_ENDIAN) == offset
                && buffer.getLong(index + SEGMENT_NUMBER_FIELD, LITTLE_ENDIAN) == segment;
    }

    /** Blocks that the disk refused to read. */
    long unreadableBlocks() {
        return window.unreadableBlocks();
    }

    /**
     * The segment number borne by the newest frame in a file whose header is damaged, or {@link SegmentTable#UNKNOWN}. Looks
     * at the first frame of every block.
     */
    long identify(final SegmentTable.Entry entry) throws IOException {
        long newest = SegmentTable.UNKNOWN;
        window.open(entry.path, entry.segmentNumber, positions.segmentLength());
        for (int offset = JournalLimits.SEGMENT_HEADER_LENGTH; ; offset += JournalLimits.BLOCK_LENGTH) {
            final int available = window.load(offset, JournalLimits.FRAME_LENGTH_MAX);
            if (available < JournalFrameFlyweight.HEADER_LENGTH) {
                window.close();
                return newest;
            }
            final int index = window.index(offset);
            final long segment = window.buffer().getLong(index + SEGMENT_NUMBER_FIELD, LITTLE_ENDIAN);
            if (segment > newest && isOurs(segment, offset, available)) {
                newest = segment;
            }
        }
    }

    @Override
    public void close() {
        window.close();
    }
}
