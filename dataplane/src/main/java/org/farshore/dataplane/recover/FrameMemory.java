package org.farshore.dataplane.recover;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The bound on the memory for frames that were unpacked for views, of all streams of a role together. It is taken in pieces,
 * when views read so much, and stays with the stream that took it until that is closed. Any thread.
 */
public final class FrameMemory {
    /** Bytes of a piece. */
    static final int PIECE_LENGTH = 1 << 20;

    private final AtomicLong freeBytes;

    /** @param bytes to hand out; 0 leaves each stream with the little that it has of its own. */
    public FrameMemory(final long bytes) {
        freeBytes = new AtomicLong(bytes);
    }

    /** A piece, or null when all are taken. */
    UnsafeBuffer take() {
        if (freeBytes.addAndGet(-PIECE_LENGTH) < 0) {
            freeBytes.addAndGet(PIECE_LENGTH);
            return null;
        }
        return new UnsafeBuffer(ByteBuffer.allocateDirect(PIECE_LENGTH));
    }

    /** Others may take so many pieces now; the memory itself goes with its last user. */
    void giveBack(final int pieces) {
        freeBytes.addAndGet((long) pieces * PIECE_LENGTH);
    }
}
