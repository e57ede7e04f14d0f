package org.farshore.dataplane.runtime;

/** The machine has stopped. An {@link Error}, so that no product code that handles failures handles it. */
public final class SimulatedCrash extends Error {
    private static final long serialVersionUID = 1L;

    SimulatedCrash(final String message) {
        super(message);
    }
}
