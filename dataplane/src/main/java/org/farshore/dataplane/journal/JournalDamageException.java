package org.farshore.dataplane.journal;

/** A reader met journal that is durable and cannot be read. */
public final class JournalDamageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long position;

    JournalDamageException(final long position, final String message) {
        super(message);
        this.position = position;
    }

    /** Where the first frame that cannot be read begins. */
    public long position() {
        return position;
    }
}
