package org.farshore.dataplane.nbd;

import java.nio.ByteBuffer;

/**
 * One connection's way to the bytes of an {@link NbdExport}. Used by one thread at a time, while other accesses of the same
 * export are used by other threads.
 *
 * <p>Ranges have been checked against the export's size and alignment. A failure goes into {@code outcome}; whatever is
 * thrown is a bug, is reported as one and ends the connection. An access never answers with bytes that it does not trust:
 * it says EIO and where.
 */
public interface NbdAccess extends AutoCloseable {
    /**
     * Fills {@code target} from its position to its limit with the bytes at {@code offset}. After a failure nothing of
     * what is in the buffer is used.
     */
    void read(long offset, ByteBuffer target, NbdOutcome outcome);

    /**
     * Writes {@code source} from its position to its limit at {@code offset}. Durable after {@link #flush}. A write longer
     * than the server's buffer comes in pieces that end at multiples of 4 KiB, and may fail between them.
     */
    void write(long offset, ByteBuffer source, NbdOutcome outcome);

    /** Returns good only when everything written through any access of this export and answered before is durable. */
    void flush(NbdOutcome outcome);

    /** A hint that these bytes are no longer needed; they may read as anything afterwards. Lengths below 4 GiB. */
    void trim(long offset, long length, NbdOutcome outcome);

    /**
     * Makes the range read as zeros. Lengths below 4 GiB.
     *
     * @param mayLeaveHole false when space for the range must stay taken, so that later writes find room.
     */
    void writeZeroes(long offset, long length, boolean mayLeaveHole, NbdOutcome outcome);

    /**
     * Says what is known of the bytes from {@code offset} on, extent by extent, until {@code extents} wants no more. Saying
     * less than asked is right, saying nothing is a failure. Unknown is data (state 0).
     */
    void blockStatus(long offset, long length, NbdExtents extents, NbdOutcome outcome);

    /** Lets go of what the connection held. Does not make anything durable. */
    @Override
    void close();
}
