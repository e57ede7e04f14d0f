package org.farshore.dataplane.nbd;

import java.io.IOException;

/**
 * A disk that can be served: the facts that are told to every client, and a way to get at its bytes. Its facts do not
 * change while it is served. Any thread; each connection gets an {@link NbdAccess} of its own.
 */
public interface NbdExport {
    /** Size in bytes, a multiple of {@link #minimumBlockLength()}. */
    long sizeBytes();

    /** What offsets and lengths must be multiples of: 1 or 512. Requests that are not get EINVAL. */
    default int minimumBlockLength() {
        return 1;
    }

    /** What offsets and lengths should be multiples of to be fast; a power of two from 512 to 65,536. */
    default int preferredBlockLength() {
        return 4096;
    }

    /** One line for people, shown in lists; may be empty. */
    String description();

    /** True when writes, zeroing and trims are refused with EPERM. */
    boolean isReadOnly();

    /** True when {@link NbdAccess#trim} does something useful. */
    boolean canTrim();

    /**
     * True only when {@link NbdAccess#writeZeroes} that may leave a hole is <em>always</em> much faster than writing as many
     * zero bytes. Clients rely on it: they zero a whole disk first and then write into it.
     */
    boolean isZeroingFast();

    /**
     * True when what was written through one access and answered is read through every other, and a flush of one makes the
     * writes of all durable. Clients then use several connections for one disk.
     */
    boolean isCoherentAcrossConnections();

    /** True when {@link NbdAccess#blockStatus} can tell holes from data; else clients are told that all is data. */
    boolean knowsHoles();

    /**
     * Opens the disk for one connection.
     *
     * @throws IOException when it cannot be opened now; the client is told and may try again.
     */
    NbdAccess open() throws IOException;
}
