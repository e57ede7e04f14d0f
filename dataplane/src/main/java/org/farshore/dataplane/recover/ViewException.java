package org.farshore.dataplane.recover;

import java.io.IOException;

/**
 * Why bytes of a view could not be read or written: what failed, and at which byte of the volume. Whoever serves the view
 * tells its client EIO, or ENOSPC for {@link Cause#DISK_FULL}, and where; never other bytes instead.
 */
public final class ViewException extends IOException {
    /** No journal has to do with it. */
    public static final long NO_POSITION = -1;

    private static final long serialVersionUID = 1L;

    private final Cause reason;
    private final long offset;
    private final long journalPosition;

    /** What failed. */
    public enum Cause {
        /** A frame of the journal is there and fails its checksum, or the version index points at nothing. */
        FRAME_DAMAGED,
        /** Which blocks the overlay holds is not known any more for a range. */
        PRESENCE_DAMAGED,
        /** A sync of the overlay has failed before: nothing in it counts any more. */
        OVERLAY_STOPPED,
        /** The version index is being loaded or repaired; the same question may be asked again. */
        INDEX,
        /** Retire has passed the moment, or nothing of the past is kept: the view cannot be opened. */
        WITHDRAWN,
        /** No space for the write; nothing was harmed, the same write may be tried again. */
        DISK_FULL,
        /** A disk refused to read or write. */
        DISK
    }

    ViewException(final Cause reason, final long offset, final long journalPosition, final String message) {
        super(message);
        this.reason = reason;
        this.offset = offset;
        this.journalPosition = journalPosition;
    }

    private ViewException(final Cause reason, final long offset, final String message, final IOException cause) {
        super(message, cause);
        this.reason = reason;
        this.offset = offset;
        this.journalPosition = NO_POSITION;
    }

    /** What a disk answered, told apart: a full disk is no damage. */
    static ViewException ofDisk(final long offset, final String what, final IOException cause) {
        if (cause instanceof ViewException) {
            return (ViewException) cause;
        }
        return new ViewException(
                isDiskFull(cause) ? Cause.DISK_FULL : Cause.DISK, offset, what + ": " + cause.getMessage(), cause);
    }

    /** The JDK keeps no errno; its message is that of strerror(3) for ENOSPC and EDQUOT. */
    private static boolean isDiskFull(final IOException e) {
        final String message = String.valueOf(e.getMessage());
        return message.contains("No space left on device") || message.contains("Disk quota exceeded");
    }

    /** What failed. */
    public Cause reason() {
        return reason;
    }

    /** Byte offset in the volume at which it failed. */
    public long offset() {
        return offset;
    }

    /** Position of the journal frame that failed, or {@link #NO_POSITION}. */
    public long journalPosition() {
        return journalPosition;
    }
}
