package org.farshore.dataplane.index;

/** A question about a moment that the index cannot answer: one that is withdrawn, or one that it has not reached yet. */
public final class MomentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MomentException(final String message) {
        super(message);
    }
}
