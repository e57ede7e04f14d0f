package org.farshore.dataplane.recover;

/** The pieces of an extent at a moment; see {@link Versions}. Reused, nothing is allocated. One thread. */
public final class ViewPieces {
    /** Longest extent: it may consist of as many pieces as it has sectors. */
    static final int EXTENT_LENGTH_MAX = 1 << 20;

    static final long BASE = -1;
    static final long ZERO = -2;

    private static final int PIECES_MAX = EXTENT_LENGTH_MAX / 512;

    private final long[] offsets = new long[PIECES_MAX];
    private final long[] lengths = new long[PIECES_MAX];
    private final long[] positions = new long[PIECES_MAX];
    private final int[] payloadOffsets = new int[PIECES_MAX];
    private int count;

    void clear() {
        count = 0;
    }

    /** No version: the replica volume has the bytes. */
    public void onBase(final long offset, final long length) {
        add(offset, length, BASE, 0);
    }

    /** Zeros, written or discarded. */
    public void onZero(final long offset, final long length) {
        add(offset, length, ZERO, 0);
    }

    /** Bytes in the payload of the batch in the frame at a journal position. */
    public void onJournal(final long offset, final long length, final long journalPosition, final int payloadOffset) {
        add(offset, length, journalPosition, payloadOffset);
    }

    private void add(final long offset, final long length, final long position, final int payloadOffset) {
        offsets[count] = offset;
        lengths[count] = length;
        positions[count] = position;
        payloadOffsets[count] = payloadOffset;
        count++;
    }

    int count() {
        return count;
    }

    long offset(final int index) {
        return offsets[index];
    }

    long length(final int index) {
        return lengths[index];
    }

    /** Journal position of the frame, {@link #BASE} or {@link #ZERO}. */
    long position(final int index) {
        return positions[index];
    }

    int payloadOffset(final int index) {
        return payloadOffsets[index];
    }
}
