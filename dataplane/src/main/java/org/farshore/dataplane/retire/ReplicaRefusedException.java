package org.farshore.dataplane.retire;

/** A file or device that must not become this volume's replica; the message says why and what to do. */
public final class ReplicaRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    public ReplicaRefusedException(final String message) {
        super(message);
    }
}
