package org.farshore.dataplane.runtime;

import java.util.HashSet;
import java.util.Set;
import org.agrona.ErrorHandler;

/**
 * The last link of the chain counter, distinct error log, log line: says a cause once. Causes are told apart by exception
 * class and the place that threw; at most {@value #CAUSES_MAX} are remembered, later ones are counted only. Any thread.
 */
final class NewCauseLog implements ErrorHandler {
    private static final int CAUSES_MAX = 256;
    private static final StateLog LOG = StateLog.of(NewCauseLog.class);

    private final String role;
    private final Set<String> causes = new HashSet<>();

    NewCauseLog(final String role) {
        this.role = role;
    }

    @Override
    public void onError(final Throwable throwable) {
        // A failure that ends the role: its last line says all of it.
        if (throwable instanceof FarshoreException) {
            return;
        }
        if (isNew(throwable)) {
            LOG.warn("role", role, "cause", throwable.getClass().getName(), "text", throwable.getMessage());
        }
    }

    private synchronized boolean isNew(final Throwable throwable) {
        final StackTraceElement[] trace = throwable.getStackTrace();
        final String place = trace.length == 0 ? String.valueOf(throwable.getMessage()) : trace[0].toString();
        return causes.size() < CAUSES_MAX && causes.add(throwable.getClass().getName() + '@' + place);
    }
}
