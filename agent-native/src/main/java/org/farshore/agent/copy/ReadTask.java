package org.farshore.agent.copy;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.agent.stream.ChunkWriter;
import org.farshore.agent.stream.OpenRead;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.PieceHasher;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * One read of a device, on its way from the duty cycle to the reader's thread and back. It belongs to one of the two at a
 * time; the queues between them pass it on.
 */
final class ReadTask implements ChunkWriter.Content {
    /** Most bytes of one read. */
    static final int LENGTH_MAX = 1 << 20;

    private static final int BLOCKS_MAX = LENGTH_MAX / StreamLimits.BLOCK_LENGTH;
    private static final int PIECES_MAX = LENGTH_MAX / StreamLimits.PIECE_LENGTH;

    final ByteBuffer bytes = BufferUtil.allocateDirectAligned(LENGTH_MAX, StreamLimits.BLOCK_LENGTH);
    final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    final UnsafeBuffer key = new UnsafeBuffer(BufferUtil.allocateDirectAligned(PieceHasher.KEY_LENGTH, 8));
    final UnsafeBuffer tags =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(PIECES_MAX * PieceHasher.HASH_LENGTH, 8));
    private final long[] zero = new long[BLOCKS_MAX / Long.SIZE];
    private final long[] unreadable = new long[BLOCKS_MAX / Long.SIZE];

    /** True when hashes are wanted, false when the bytes are. */
    boolean isHash;

    int volume;
    long offset;
    int length;
    BlockFile file;
    /** The open read of a chunk; null for hashes. */
    OpenRead read;

    /** The duty cycle no longer wants the result. */
    boolean isCancelled;

    boolean anyUnreadable;

    int blockCount() {
        return (length + StreamLimits.BLOCK_LENGTH - 1) / StreamLimits.BLOCK_LENGTH;
    }

    int pieceCount() {
        return (length + StreamLimits.PIECE_LENGTH - 1) / StreamLimits.PIECE_LENGTH;
    }

    @Override
    public boolean isZero(final int block) {
        return (zero[block >> 6] >>> block & 1) != 0;
    }

    @Override
    public boolean isUnreadable(final int block) {
        return (unreadable[block >> 6] >>> block & 1) != 0;
    }

    void clearResult() {
        for (int i = 0; i < zero.length; i++) {
            zero[i] = 0;
            unreadable[i] = 0;
        }
        anyUnreadable = false;
    }

    void markZero(final int block) {
        zero[block >> 6] |= 1L << block;
    }

    void markUnreadable(final int block) {
        unreadable[block >> 6] |= 1L << block;
        anyUnreadable = true;
    }
}
