package org.farshore.dataplane.index;

/**
 * Takes the pieces of which an extent of a volume consists at a moment, in order, without gaps or overlaps. Offsets and
 * lengths are bytes of the volume, multiples of 512; neighbours that lie behind each other are one piece.
 *
 * <p>Called while the reader holds back what the index wants to drop: note the piece and return, read bytes afterwards.
 */
public interface PieceHandler {
    /** No version: the base copy has the bytes. */
    void onBase(long offset, long length);

    /** Zeros, written or discarded. */
    void onZero(long offset, long length);

    /**
     * Bytes in the journal.
     *
     * @param journalPosition of the frame, whose body is a batch.
     * @param payloadOffset of the first byte in the batch's payload, uncompressed.
     */
    void onJournal(long offset, long length, long journalPosition, int payloadOffset);
}
