package org.farshore.dataplane.nbd;

/**
 * Consecutive extents of an export and what is known of each: what {@link NbdAccess#blockStatus} fills in. Neighbours of the
 * same kind become one. Bounded: an answer may cover less than was asked, and the client asks again behind it. One thread.
 */
public final class NbdExtents {
    /** No space is taken by these bytes; the protocol's NBD_STATE_HOLE. */
    public static final int HOLE = 1;
    /** These bytes read as zeros; the protocol's NBD_STATE_ZERO. */
    public static final int ZERO = 2;

    private final long[] lengths;
    private final int[] states;
    private long wanted;
    private long covered;
    private int limit;
    private int count;

    /** Room for {@code capacity} extents, at least one. */
    public NbdExtents(final int capacity) {
        lengths = new long[capacity];
        states = new int[capacity];
    }

    /** Begins again: {@code length} bytes are asked for, in at most {@code countMax} extents. */
    void begin(final long length, final int countMax) {
        wanted = length;
        covered = 0;
        limit = Math.min(countMax, lengths.length);
        count = 0;
    }

    /**
     * Adds the extent that follows the last one. What lies beyond the range asked for is cut off.
     *
     * @param state 0 for data, or {@link #HOLE} and {@link #ZERO} in any combination.
     * @return true while more is wanted; false ends the caller's work.
     */
    public boolean add(final long length, final int state) {
        final long taken = Math.min(length, wanted - covered);
        if (taken <= 0) {
            return covered < wanted;
        }
        if (count > 0 && states[count - 1] == state) {
            lengths[count - 1] += taken;
        } else if (count < limit) {
            lengths[count] = taken;
            states[count] = state;
            count++;
        } else {
            return false;
        }
        covered += taken;
        return covered < wanted;
    }

    /** How many extents there are. */
    public int count() {
        return count;
    }

    /** Length in bytes of an extent. */
    public long length(final int index) {
        return lengths[index];
    }

    /** State of an extent. */
    public int state(final int index) {
        return states[index];
    }
}
