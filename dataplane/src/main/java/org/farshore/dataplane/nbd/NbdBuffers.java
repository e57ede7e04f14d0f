package org.farshore.dataplane.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.agrona.BufferUtil;

/**
 * The memory of one connection: what has arrived, what is to be sent, and a list of extents; about 1.4 MiB, taken when the
 * connection begins and used by the next one afterwards. So memory is bounded by the number of connections, whatever
 * lengths clients name.
 */
final class NbdBuffers {
    private static final int ALIGNMENT = 4096;

    final ByteBuffer in =
            BufferUtil.allocateDirectAligned(NbdLimits.PIECE_LENGTH + NbdLimits.HEADROOM_LENGTH, ALIGNMENT);
    final ByteBuffer out =
            BufferUtil.allocateDirectAligned(NbdLimits.WHOLE_READ_LENGTH_MAX + NbdLimits.HEADROOM_LENGTH, ALIGNMENT);
    final NbdExtents extents = new NbdExtents(NbdLimits.EXTENT_COUNT_MAX);

    /** Buffers that no connection uses now. Any thread. */
    static final class Pool {
        private final ArrayDeque<NbdBuffers> free = new ArrayDeque<>();

        synchronized NbdBuffers take() {
            final NbdBuffers buffers = free.poll();
            return buffers == null ? new NbdBuffers() : buffers;
        }

        synchronized void giveBack(final NbdBuffers buffers) {
            free.push(buffers);
        }
    }
}
