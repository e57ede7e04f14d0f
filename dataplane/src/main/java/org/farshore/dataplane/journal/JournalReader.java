package org.farshore.dataplane.journal;

import java.io.IOException;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Reads the frames of a journal in order, up to a position that is durable, and verifies each. Nothing is allocated except
 * when it goes on to another segment. Never writes; works while the journal is written. One thread.
 */
public final class JournalReader implements AutoCloseable {
    private static final int WINDOW_LENGTH = 1 << 20;
    private static final long UNKNOWN = -1;

    private final BlockFiles files;
    private final SegmentMap map;
    private final Positions positions;
    private final long machineIdHigh;
    private final long machineIdLow;
    private final SegmentWindow window;
    private final SegmentWindow peek;
    private final List<DamagedRange> damages;
    private final JournalFrameFlyweight frame = new JournalFrameFlyweight();
    private final JournalFrameFlyweight peeked = new JournalFrameFlyweight();
    private long position;
    private long endKnownOf = UNKNOWN;
    private long segmentEnd = UNKNOWN;
    private long nextSegment = UNKNOWN;

    /**
     * @param damages found by recovery: whole frames may lie in such a range, but their group was not whole, so what recovery
     *     told of volumes and sequences does not know of them.
     */
    JournalReader(
            final BlockFiles files,
            final SegmentMap map,
            final int segmentLength,
            final long machineIdHigh,
            final long machineIdLow,
            final long position,
            final List<DamagedRange> damages) {
        this.damages = damages;
        this.files = files;
        this.map = map;
        this.positions = new Positions(segmentLength);
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
        this.window = new SegmentWindow(files, BlockFiles.Mode.READ, WINDOW_LENGTH);
        this.peek = new SegmentWindow(files, BlockFiles.Mode.READ, 2 * JournalLimits.FRAME_LENGTH_MAX);
        this.position = position;
    }

    /** Where the next frame begins. Everything below was handed out or skipped. */
    public long position() {
        return position;
    }

    /** Goes to the begin of a frame, or to the end of the journal. */
    public void seek(final long newPosition) {
        position = newPosition;
    }

    /**
     * Hands out frames, PAD frames left out.
     *
     * @param limit durable position; never read beyond.
     * @param frameLimit most frames handed out.
     * @return how many were handed out; 0 at the limit or when the handler took none.
     * @throws JournalDamageException when a frame below the limit cannot be read; {@link #skipDamage} goes behind it.
     * @throws FarshoreException STORAGE when the directory or a file cannot be opened.
     */
    public int poll(final JournalFrameHandler handler, final long limit, final int frameLimit) {
        int count = 0;
        try {
            while (count < frameLimit && position < limit) {
                if (goOnInNextSegment(limit)) {
                    continue;
                }
                if (!frameAtPosition(limit)) {
                    throw new JournalDamageException(
                            position,
                            "journal frame at " + position + " is damaged: " + map.directory() + " segment " + segment()
                                    + " offset " + offset());
                }
                if (frame.type() != JournalFrameFlyweight.TYPE_PAD) {
                    final int body = window.index(offset()) + JournalFrameFlyweight.HEADER_LENGTH;
                    if (!handler.onFrame(position, frame, window.buffer(), body, frame.bodyLength())) {
                        break;
                    }
                    count++;
                }
                position += frame.alignedLength();
            }
        } catch (final IOException e) {
            throw cannotRead(e);
        }
        return count;
    }

    /**
     * Goes to the next group behind the position that can be read below {@code limit}, or to the limit.
     *
     * @return the range passed over.
     */
    public DamagedRange skipDamage(final long limit) {
        final long from = position;
        try {
            do {
                position = nextBlock(limit);
            } while (position < limit && !(frameAtPosition(limit) && frame.isFirst()));
        } catch (final IOException e) {
            throw cannotRead(e);
        }
        return new DamagedRange(from, position, "cannot be read");
    }

    private long nextBlock(final long limit) throws IOException {
        final long block = (position & -JournalLimits.BLOCK_LENGTH) + JournalLimits.BLOCK_LENGTH;
        if (block % positions.segmentLength() != 0) {
            return Math.min(block, limit);
        }
        final long next = map.next(segment());
        return next < 0 ? limit : Math.min(positions.begin(next), limit);
    }

    private long segment() {
        return positions.segmentOf(position + 1);
    }

    private int offset() {
        return (int) (position - segment() * positions.segmentLength());
    }

    private boolean isKnownDamage() {
        for (int i = 0; i < damages.size(); i++) {
            if (position >= damages.get(i).from() && position < damages.get(i).to()) {
                return true;
            }
        }
        return false;
    }

    private boolean frameAtPosition(final long limit) throws IOException {
        if (isKnownDamage()) {
            return false;
        }
        final long segment = segment();
        if (window.segmentNumber() != segment && !open(window, segment)) {
            return false;
        }
        final int offset = offset();
        final long begin = position - offset;
        final int readable = (int) Math.min(limit - begin, positions.segmentLength());
        final int available = window.load(offset, JournalLimits.FRAME_LENGTH_MAX, readable);
        return frame.isValidAt(window.buffer(), window.index(offset), available, segment, offset)
                && frame.machineIdHigh() == machineIdHigh
                && frame.machineIdLow() == machineIdLow
                && position + frame.alignedLength() <= limit;
    }

    /**
     * When there is durable journal in a later segment, and this segment ends here, goes there. Where a segment ends is said
     * by the first group of the next one; what lies behind in this one is left over from a life that ended in a crash.
     */
    private boolean goOnInNextSegment(final long limit) throws IOException {
        if (position % JournalLimits.BLOCK_LENGTH != 0) {
            return false;
        }
        final long here = positions.segmentOf(position);
        if (positions.segmentOf(limit) <= here) {
            return false;
        }
        if (endKnownOf != here) {
            learnEnd(here);
        }
        final boolean full = position % positions.segmentLength() == 0 && nextSegment == here + 1;
        if (position != segmentEnd && !full) {
            return false;
        }
        position = positions.begin(nextSegment);
        return true;
    }

    private void learnEnd(final long here) throws IOException {
        nextSegment = map.next(here);
        segmentEnd = UNKNOWN;
        if (nextSegment >= 0 && open(peek, nextSegment)) {
            final int begin = JournalLimits.SEGMENT_HEADER_LENGTH;
            final int available = peek.load(begin, JournalLimits.FRAME_LENGTH_MAX);
            if (peeked.isValidAt(peek.buffer(), peek.index(begin), available, nextSegment, begin)) {
                segmentEnd = peeked.durablePosition();
            }
            peek.close();
        }
        endKnownOf = here;
    }

    private boolean open(final SegmentWindow target, final long segment) throws IOException {
        final int slot = map.slotOf(segment);
        if (slot < 0 || !files.exists(map.path(slot))) {
            return false;
        }
        target.open(map.path(slot), segment, positions.segmentLength());
        return true;
    }

    private FarshoreException cannotRead(final IOException cause) {
        return new FarshoreException(
                ExitCode.STORAGE,
                "cannot read journal " + map.directory() + " at position " + position + ": " + cause.getMessage(),
                cause);
    }

    @Override
    public void close() {
        window.close();
        peek.close();
    }
}
