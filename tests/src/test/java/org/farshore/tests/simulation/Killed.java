package org.farshore.tests.simulation;

/** The process has died here. An {@link Error}, so that no product code handles it. */
public final class Killed extends Error {
    private static final long serialVersionUID = 1L;

    public Killed() {
        super("killed", null, false, false);
    }
}
