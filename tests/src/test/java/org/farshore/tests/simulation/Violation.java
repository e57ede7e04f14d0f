package org.farshore.tests.simulation;

/** An invariant does not hold. An {@link Error}, so that no product code handles it. */
final class Violation extends Error {
    private static final long serialVersionUID = 1L;

    private final String invariant;

    Violation(final String invariant, final String message) {
        super(message);
        this.invariant = invariant;
    }

    Violation(final String invariant, final String message, final Throwable cause) {
        super(message, cause);
        this.invariant = invariant;
    }

    /** Its name, as I1. */
    String invariant() {
        return invariant;
    }
}
