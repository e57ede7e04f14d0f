package org.farshore.dataplane.recover;

import org.farshore.dataplane.index.PieceHandler;

/**
 * The pieces of an extent at a moment; see {@link Versions}. A moment never changes, so they stay right until a frame that
 * they name is gone. Reused, nothing is allocated. One thread.
 */
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
    private long end;

    void clear() {
        count = 0;
        end = 0;
    }

    /** All pieces up to an offset are there: from now on {@link #indexOf} finds them. */
    void complete(final long endOffset) {
        end = endOffset;
    }

    /** Where the last piece ends. */
    long end() {
        return end;
    }

    /** Number of the piece that holds the byte at an offset, or -1; none before all are there. */
    int indexOf(final long at) {
        if (count == 0 || at < offsets[0] || at >= end) {
            return -1;
        }
        int low = 0;
        int high = count - 1;
        while (low < high) {
            final int middle = (low + high + 1) >>> 1;
            if (offsets[middle] <= at) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
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
