package org.farshore.tests.simulation;

/** An invariant does not hold. No product code handles an {@link Error}. */
public final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final String invariant;

    public Violation(final String invariant, final String message) {
        super(message);
        this.invariant = invariant;
    }

    Violation(final String invariant, final String message, final Throwable cause) {
        super(message, cause);
        this.invariant = invariant;
    }

    /** Its name, as I1. */
    public String invariant() {
        return invariant;
    }
}
