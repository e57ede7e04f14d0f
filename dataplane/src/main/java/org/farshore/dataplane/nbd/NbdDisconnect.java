package org.farshore.dataplane.nbd;

import java.io.IOException;

/** The server hangs up on a client, with the reason that is counted. */
final class NbdDisconnect extends IOException {
    private static final long serialVersionUID = 1;

    private final NbdCloseReason reason;

    NbdDisconnect(final NbdCloseReason reason, final String message) {
        super(message);
        this.reason = reason;
    }

    NbdCloseReason reason() {
        return reason;
    }

    /** An everyday event, thrown at the will of strangers: no stack trace. */
    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
