package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.journal.FrameFetcher;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Frames whose payload stands in the journal as it was written, because compressing would not have made it shorter. Such a
 * frame need not be read whole for 4 KiB of it: when it was fetched and its checksum was right, a checksum of each 4 KiB of
 * its payload, a <em>cell</em>, is kept here. Later those cells are read that are asked for, straight to where they are
 * wanted, and held against the kept ones. So the page cache is the memory for such frames, and every byte that goes out was
 * checked when it was read.
 *
 * <p>Cells that do not check say nothing about why: the segment was reused, or the disk has lost something. The frame is then
 * forgotten and fetched whole, and that tells which.
 *
 * <p>Bounded: a frame has four places, by its position; one that is pushed out is fetched whole the next time. One thread at
 * a time; nothing is allocated.
 */
final class PlainFrames {
    private static final int CELL_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int CELLS_PER_FRAME = StreamLimits.BATCH_PAYLOAD_LENGTH_MAX / CELL_LENGTH;
    private static final int WAYS = 4;
    private static final long NONE = -1;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final long[] positions;
    private final int[] payloadOffsets;
    private final int[] lengths;
    private final int[] checksums;
    private final int spreadShift;
    private final ByteBuffer cells =
            BufferUtil.allocateDirectAligned(StreamLimits.BATCH_PAYLOAD_LENGTH_MAX, CELL_LENGTH);
    private final UnsafeBuffer checked = new UnsafeBuffer(0, 0);
    private int nextWay;

    /** @param frames most that are known, a power of two, at least eight. */
    PlainFrames(final int frames) {
        positions = new long[frames];
        payloadOffsets = new int[frames];
        lengths = new int[frames];
        checksums = new int[frames * CELLS_PER_FRAME];
        spreadShift = Long.SIZE - Integer.numberOfTrailingZeros(frames / WAYS);
        Arrays.fill(positions, NONE);
    }

    /** Where the frame at a position is known, or -1. */
    int find(final long position) {
        final int first = setOf(position);
        for (int i = first; i < first + WAYS; i++) {
            if (positions[i] == position) {
                return i;
            }
        }
        return -1;
    }

    /** The uppermost bits of the product are left aside: by them {@link DecodedFrames} has chosen the stripe. */
    private int setOf(final long position) {
        final long spread = (position * SPREAD) << Byte.SIZE;
        return (int) (spread >>> spreadShift) * WAYS;
    }

    /**
     * Keeps the checksums of a frame that was found whole just now.
     *
     * @param buffer holds its payload,
     * @param payload from here on,
     * @param payloadOffset so many bytes behind the begin of the frame.
     * @param length of the payload.
     */
    void learn(
            final long position,
            final DirectBuffer buffer,
            final int payload,
            final int payloadOffset,
            final int length) {
        final int place = setOf(position) + (nextWay++ & WAYS - 1);
        positions[place] = position;
        payloadOffsets[place] = payloadOffset;
        lengths[place] = length;
        for (int at = 0; at < length; at += CELL_LENGTH) {
            checksums[place * CELLS_PER_FRAME + at / CELL_LENGTH] =
                    Crc32c.compute(buffer, payload + at, Math.min(CELL_LENGTH, length - at));
        }
    }

    /** Length of the payload of a frame that is known. */
    int length(final int place) {
        return lengths[place];
    }

    /**
     * Copies bytes of the payload of a frame that is known.
     *
     * @return false when they are not there any more as they were; the frame is then not known any more, and the target's
     *     position has not moved.
     */
    boolean copy(
            final FrameFetcher fetcher, final int place, final int offset, final int length, final ByteBuffer target)
            throws IOException {
        final int begin = offset & -CELL_LENGTH;
        final int end = Math.min(BitUtil.align(offset + length, CELL_LENGTH), lengths[place]);
        if (begin == offset && end == offset + length && target.isDirect()) {
            return read(fetcher, place, begin, end, target);
        }
        cells.clear();
        if (!read(fetcher, place, begin, end, cells)) {
            return false;
        }
        target.put(cells.position(offset - begin).limit(offset - begin + length));
        return true;
    }

    private boolean read(
            final FrameFetcher fetcher, final int place, final int begin, final int end, final ByteBuffer target)
            throws IOException {
        final int at = target.position();
        final int limit = target.limit();
        boolean checks = false;
        target.limit(at + end - begin);
        try {
            checks = fetcher.readUnchecked(positions[place] + payloadOffsets[place] + begin, target)
                    && areAsKept(place, begin, end, target, at);
        } finally {
            target.limit(limit);
            if (!checks) {
                target.position(at);
                positions[place] = NONE;
            }
        }
        return checks;
    }

    private boolean areAsKept(
            final int place, final int begin, final int end, final ByteBuffer target, final int targetOffset) {
        checked.wrap(target, targetOffset, end - begin);
        for (int at = begin; at < end; at += CELL_LENGTH) {
            if (Crc32c.compute(checked, at - begin, Math.min(CELL_LENGTH, end - at))
                    != checksums[place * CELLS_PER_FRAME + at / CELL_LENGTH]) {
                return false;
            }
        }
        return true;
    }
}
