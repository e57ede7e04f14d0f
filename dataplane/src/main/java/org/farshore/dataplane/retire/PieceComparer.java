package org.farshore.dataplane.retire;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.runtime.PieceHasher;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Hashes pieces of a volume and holds them against the hashes of a compare message, a bounded number at a time. Its source
 * shows the volume as the stream stood at the message: a replica when everything before it is written, else the past
 * ({@link PastComparer}). Apply thread.
 */
final class PieceComparer implements AutoCloseable {
    private static final int PIECES_AT_ONCE = 16;
    private static final int PIECE_LENGTH = StreamLimits.PIECE_LENGTH;
    private static final int HASH_LENGTH = PieceHasher.HASH_LENGTH;

    /** Where the pieces are read. */
    @FunctionalInterface
    interface PieceSource {
        /** Fills the buffer from its position to its limit. */
        void read(long offset, ByteBuffer target) throws IOException;
    }

    private final PieceHasher hasher = new PieceHasher();
    private final ByteBuffer bytes = BufferUtil.allocateDirectAligned(PIECES_AT_ONCE * PIECE_LENGTH, 4096);
    private final UnsafeBuffer pieces = new UnsafeBuffer(bytes);
    private final UnsafeBuffer hash = new UnsafeBuffer(BufferUtil.allocateDirectAligned(HASH_LENGTH, HASH_LENGTH));
    private final UnsafeBuffer hashes = new UnsafeBuffer(
            BufferUtil.allocateDirectAligned(StreamLimits.PIECES_PER_MESSAGE_MAX * HASH_LENGTH, HASH_LENGTH));
    private PieceSource source;
    private long sizeBytes;
    private int incarnation;
    private int volume;
    private long firstPiece;
    private int pieceCount;
    private int done;
    private byte[] differs;

    /** Begins with a checked compare message. */
    void begin(final RecordMessage message, final PieceSource from, final long volumeSizeBytes) {
        source = from;
        sizeBytes = volumeSizeBytes;
        incarnation = message.incarnation();
        volume = message.volumeNumber();
        firstPiece = message.firstPiece();
        pieceCount = message.pieceCount();
        done = 0;
        differs = new byte[(pieceCount + Byte.SIZE - 1) / Byte.SIZE];
        hasher.key(message.buffer(), message.offset() + message.dataOffset());
        hashes.putBytes(0, message.buffer(), message.offset() + message.hashesOffset(), pieceCount * HASH_LENGTH);
    }

    /** Compares some pieces; returns true when all are done. */
    boolean step(final AtomicCounter readBytes) throws IOException {
        final int count = Math.min(PIECES_AT_ONCE, pieceCount - done);
        final long offset = (firstPiece + done) * PIECE_LENGTH;
        final int length = (int) Math.min((long) count * PIECE_LENGTH, sizeBytes - offset);
        source.read(offset, bytes.clear().limit(length));
        for (int i = 0; i < count; i++) {
            final int at = i * PIECE_LENGTH;
            hasher.hash(volume, firstPiece + done, pieces, at, Math.min(PIECE_LENGTH, length - at), hash, 0);
            if (!isEqual(done)) {
                differs[done / Byte.SIZE] |= (byte) (1 << done % Byte.SIZE);
            }
            done++;
        }
        readBytes.getAndAddRelease(length);
        return done == pieceCount;
    }

    /** Takes the pieces of the next step for different without reading them; returns true when all are done. */
    boolean skip() {
        final int count = Math.min(PIECES_AT_ONCE, pieceCount - done);
        for (int i = 0; i < count; i++) {
            differs[done / Byte.SIZE] |= (byte) (1 << done % Byte.SIZE);
            done++;
        }
        return done == pieceCount;
    }

    private boolean isEqual(final int index) {
        final int at = index * HASH_LENGTH;
        return hash.getLong(0) == hashes.getLong(at) && hash.getLong(Long.BYTES) == hashes.getLong(at + Long.BYTES);
    }

    /** What came out, when {@link #step} has answered true. */
    CompareOutcome outcome() {
        return new CompareOutcome(incarnation, volume, firstPiece, pieceCount, differs);
    }

    @Override
    public void close() {
        hasher.close();
    }
}
