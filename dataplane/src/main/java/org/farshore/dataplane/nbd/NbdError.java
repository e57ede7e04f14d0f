package org.farshore.dataplane.nbd;

/** The error numbers that may cross the wire. They resemble errno on Linux; the protocol fixes them for all systems. */
public enum NbdError {
    /** Not permitted: a write to a read-only export. */
    EPERM(1),
    /** The disk behind the export failed, or its bytes failed their checksum. */
    EIO(5),
    /** A request that makes no sense: range, alignment, flags, unknown command. */
    EINVAL(22),
    /** No room: also a write beyond the end of the export. */
    ENOSPC(28),
    /** A read longer than this server answers in one go. */
    EOVERFLOW(75),
    /** Zeroing was to be fast and would not be. */
    ENOTSUP(95),
    /** The export is being taken away. */
    ESHUTDOWN(108);

    private final int number;

    NbdError(final int number) {
        this.number = number;
    }

    /** The number on the wire. */
    public int number() {
        return number;
    }
}
