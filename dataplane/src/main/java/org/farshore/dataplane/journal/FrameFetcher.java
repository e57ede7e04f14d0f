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

    /** Files kept open, each in the place that its segment's number names: neighbours never push each other out. */
    private static final int FILES_MAX = 64;
    /** Least that is read first. */
    private static final int FIRST_LENGTH_MIN = 8192;

    private final BlockFiles files;
    private final SegmentMap map;
    private final Positions positions;
    private final long machineIdHigh;
    private final long machineIdLow;
    private final long[] segments = new long[FILES_MAX];
    private final BlockFile[] open = new BlockFile[FILES_MAX];
    private final int[] lengths = new int[FILES_MAX];
    private final ByteBuffer bytes =
            BufferUtil.allocateDirectAligned(JournalLimits.FRAME_LENGTH_MAX, JournalLimits.BLOCK_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final JournalFrameFlyweight frame = new JournalFrameFlyweight();
    private int firstLength = FIRST_LENGTH_MIN;

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
        final int offset = offsetOf(position, segment);
        final int place = placeOf(segment);
        if (segments[place] == segment && isFrameAt(place, offset)) {
            return Status.FOUND;
        }
        final int slot = openAnew(place, segment);
        if (slot < 0) {
            return Status.GONE;
        }
        if (isFrameAt(place, offset)) {
            return Status.FOUND;
        }
        // Reused meanwhile?
        return map.slotOf(segment) == slot ? Status.DAMAGED : Status.GONE;
    }

    /**
     * Reads bytes of the journal as they stand at a position, and vouches for nothing: whoever asks knows by what to tell
     * whether they are still those of the frame that was fetched there.
     *
     * @return false when no file holds them any more; the target is then as it was.
     * @throws IOException when a disk refuses.
     */
    public boolean readUnchecked(final long position, final ByteBuffer target) throws IOException {
        final long segment = positions.segmentOf(position + 1);
        final int offset = offsetOf(position, segment);
        final int place = placeOf(segment);
        if (segments[place] != segment && openAnew(place, segment) < 0) {
            return false;
        }
        if (target.remaining() > lengths[place] - offset) {
            return false;
        }
        open[place].read(target, offset);
        return true;
    }

    private int offsetOf(final long position, final long segment) {
        return (int) (position - segment * positions.segmentLength());
    }

    /** Most frames of a stretch of journal are of one length, so the one before says how much to read at once. */
    private boolean isFrameAt(final int place, final int offset) throws IOException {
        final int available = lengths[place] - offset;
        if (available < JournalFrameFlyweight.HEADER_LENGTH) {
            return false;
        }
        final BlockFile file = open[place];
        final int first = Math.min(firstLength, available);
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
        firstLength = Math.max(FIRST_LENGTH_MIN, whole);
        return frame.isValidAt(buffer, 0, whole, segments[place], offset)
                && frame.machineIdHigh() == machineIdHigh
                && frame.machineIdLow() == machineIdLow;
    }

    private static int placeOf(final long segment) {
        return (int) segment & (FILES_MAX - 1);
    }

    /** Opens the file that holds a segment now; returns its slot, or -1 when none does. */
    private int openAnew(final int place, final long segment) throws IOException {
        forget(place);
        final int slot = map.slotOf(segment);
        if (slot >= 0) {
            open[place] = files.open(map.path(slot), BlockFiles.Mode.READ);
            lengths[place] = (int) Math.min(positions.segmentLength(), open[place].length());
            segments[place] = segment;
        }
        return slot;
    }

    private void forget(final int place) {
        if (open[place] != null) {
            open[place].close();
            open[place] = null;
            segments[place] = SegmentTable.ABSENT;
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
