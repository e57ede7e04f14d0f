package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.journal.FrameFetcher;

/**
 * Payloads of journal frames, verified and decompressed, for all views of one stream: a frame that one view has read is at
 * hand for the others, and for the next block of the same batch. Memory is bounded, by {@link FrameMemory}.
 *
 * <p>Any thread. Frames are spread over stripes by their position; a stripe serves one thread at a time, also while it reads
 * a frame, so that two threads that want the same frame read it once. A hit allocates nothing.
 */
public final class DecodedFrames implements AutoCloseable {
    private static final int STRIPES = 8;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;
    private static final int SPREAD_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(STRIPES);

    private final LongPredicate condemned;
    private final DecodedStripe[] stripes = new DecodedStripe[STRIPES];

    /**
     * Makes the stripes, with 60 KiB each.
     *
     * @param fetchers makes ways to the journal of one stream, one per stripe.
     * @param memory where more is taken from.
     * @param hits counts frames found here,
     * @param decoded and frames read.
     */
    public DecodedFrames(
            final Supplier<FrameFetcher> fetchers,
            final FrameMemory memory,
            final AtomicCounter hits,
            final AtomicCounter decoded) {
        this(fetchers, memory, position -> false, hits, decoded);
    }

    /** The same, but frames at some positions are damaged whatever is read there. */
    DecodedFrames(
            final Supplier<FrameFetcher> fetchers,
            final FrameMemory memory,
            final LongPredicate condemned,
            final AtomicCounter hits,
            final AtomicCounter decoded) {
        this.condemned = condemned;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new DecodedStripe(fetchers.get(), memory, hits, decoded);
        }
    }

    /**
     * Copies bytes of a batch's payload behind the target's position.
     *
     * @param position where the frame begins.
     * @param offset in the payload, uncompressed.
     * @return FOUND, and only then the target's position has moved.
     * @throws IOException when a disk refuses to read.
     */
    FrameFetcher.Status copy(final long position, final int offset, final int length, final ByteBuffer target)
            throws IOException {
        if (condemned.test(position)) {
            return FrameFetcher.Status.DAMAGED;
        }
        return stripes[(int) ((position * SPREAD) >>> SPREAD_SHIFT)].copy(position, offset, length, target);
    }

    @Override
    public void close() {
        for (final DecodedStripe stripe : stripes) {
            stripe.close();
        }
    }
}
