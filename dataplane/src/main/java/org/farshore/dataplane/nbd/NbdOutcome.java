package org.farshore.dataplane.nbd;

/**
 * How one call to an {@link NbdAccess} ended: well, or with an error, the byte it happened at and a sentence for people.
 * Made once per connection and reset for each call, so that a good answer allocates nothing. One thread.
 */
public final class NbdOutcome {
    private NbdError error;
    private long offset;
    private String message = "";

    /** A fresh outcome: good. */
    public NbdOutcome() {}

    /** Good again, for the next call. */
    public void reset() {
        error = null;
        offset = 0;
        message = "";
    }

    /**
     * The call failed. The first failure stands; later ones are ignored.
     *
     * @param failedOffset byte offset in the export at which it failed, inside the range asked for.
     * @param text what failed and why: sent to the client, so without secrets.
     */
    public void fail(final NbdError failure, final long failedOffset, final String text) {
        if (error == null) {
            error = failure;
            offset = failedOffset;
            message = text == null ? "" : text;
        }
    }

    /** True when nothing failed. */
    public boolean isGood() {
        return error == null;
    }

    /** What failed, or null. */
    public NbdError error() {
        return error;
    }

    /** Byte offset in the export where it failed. */
    public long offset() {
        return offset;
    }

    /** A sentence for people; may be empty. */
    public String message() {
        return message;
    }
}
