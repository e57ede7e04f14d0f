package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * Reads single frames of a journal from anywhere, verified. For views, which want a frame here and one there, where
 * {@link JournalReader} wants them all in order.
 *
 * <p>Segment files are reused: a place may hold another life of its file by the time it is read. Every frame names its
 * segment under its checksum, so it is then found to be {@link Status#GONE}, when no file holds the segment any more, and
 * whoever asked looks up again where its bytes are now. {@link Status#DAMAGED} is said only of a segment that is there.
 *
 * <p>Allocates only when it opens a file. Works while the journal is written. One thread at a time.
 */
public final class FrameFetcher implements AutoCloseable {
    /** How it went. */
    public enum Status {
        /** The frame is there and whole. */
        FOUND,
        /** The segment has been reused: what was in it is in the base copy. */
        GONE,
        /** The segment is there, the frame is not whole. */
        DAMAGED
    }

    /** Files kept open. */
    private static final int FILES_MAX = 16;
    /** Read first: most frames are not longer. */
    private static final int FIRST_LENGTH = 8192;

    private final BlockFiles files;
    private final SegmentMap map;
    private final Positions positions;
    private final long machineIdHigh;
    private final long machineIdLow;
    private final long[] segments = new long[FILES_MAX];
    private final BlockFile[] open = new BlockFile[FILES_MAX];
    private final ByteBuffer bytes =
            BufferUtil.allocateDirectAligned(JournalLimits.FRAME_LENGTH_MAX, JournalLimits.BLOCK_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final JournalFrameFlyweight frame = new JournalFrameFlyweight();
    private int nextVictim;

    FrameFetcher(
            final BlockFiles files,
            final SegmentMap map,
            final int segmentLength,
            final long machineIdHigh,
            final long machineIdLow) {
        this.files = files;
        this.map = map;
        this.positions = new Positions(segmentLength);
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
        Arrays.fill(segments, SegmentTable.ABSENT);
    }

    /**
     * Reads the frame that begins at a position which is durable.
     *
     * @throws IOException when a disk refuses.
     */
    public Status fetch(final long position) throws IOException {
        final long segment = positions.segmentOf(position + 1);
        final int offset = (int) (position - segment * positions.segmentLength());
        final int known = slotOf(segment);
        if (known >= 0 && isFrameAt(open[known], segment, offset)) {
            return Status.FOUND;
        }
        forget(known);
        final int slot = map.slotOf(segment);
        if (slot < 0) {
            return Status.GONE;
        }
        final BlockFile file = remember(segment, files.open(map.path(slot), BlockFiles.Mode.READ));
        if (isFrameAt(file, segment, offset)) {
            return Status.FOUND;
        }
        // Reused meanwhile?
        return map.slotOf(segment) == slot ? Status.DAMAGED : Status.GONE;
    }

    private boolean isFrameAt(final BlockFile file, final long segment, final int offset) throws IOException {
        final int available = (int) Math.min(positions.segmentLength(), file.length()) - offset;
        if (available < JournalFrameFlyweight.HEADER_LENGTH) {
            return false;
        }
        final int first = Math.min(FIRST_LENGTH, available);
        file.read(bytes.clear().limit(first), offset);
        final int length = frame.wrap(buffer, 0).length();
        if (length < JournalFrameFlyweight.HEADER_LENGTH
                || length > JournalFrameFlyweight.HEADER_LENGTH + JournalLimits.BODY_LENGTH_MAX
                || frame.alignedLength() > available) {
            return false;
        }
        final int whole = frame.alignedLength();
        if (whole > first) {
            file.read(bytes.clear().position(first).limit(whole), offset + first);
        }
        return frame.isValidAt(buffer, 0, whole, segment, offset)
                && frame.machineIdHigh() == machineIdHigh
                && frame.machineIdLow() == machineIdLow;
    }

    private int slotOf(final long segment) {
        for (int i = 0; i < FILES_MAX; i++) {
            if (segments[i] == segment) {
                return i;
            }
        }
        return -1;
    }

    private BlockFile remember(final long segment, final BlockFile file) {
        forget(nextVictim);
        segments[nextVictim] = segment;
        open[nextVictim] = file;
        nextVictim = (nextVictim + 1) % FILES_MAX;
        return file;
    }

    private void forget(final int slot) {
        if (slot >= 0 && open[slot] != null) {
            open[slot].close();
            open[slot] = null;
            segments[slot] = SegmentTable.ABSENT;
        }
    }

    /** The frame found last. */
    public JournalFrameFlyweight frame() {
        return frame;
    }

    /** Where its body lies, in direct memory, until the next one is fetched; it begins at {@link #bodyOffset}. */
    public DirectBuffer buffer() {
        return buffer;
    }

    /** Where in {@link #buffer} the body begins. */
    public int bodyOffset() {
        return JournalFrameFlyweight.HEADER_LENGTH;
    }

    @Override
    public void close() {
        for (int i = 0; i < FILES_MAX; i++) {
            forget(i);
        }
    }
}
