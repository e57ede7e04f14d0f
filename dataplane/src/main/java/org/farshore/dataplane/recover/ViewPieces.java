package org.farshore.dataplane.recover;

import org.farshore.dataplane.index.PieceHandler;

/** The pieces of an extent at a moment; see {@link Versions}. Reused, nothing is allocated. One thread. */
public final class ViewPieces implements PieceHandler {
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

    @Override
    public void onBase(final long offset, final long length) {
        add(offset, length, BASE, 0);
    }

    @Override
    public void onZero(final long offset, final long length) {
        add(offset, length, ZERO, 0);
    }

    @Override
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
