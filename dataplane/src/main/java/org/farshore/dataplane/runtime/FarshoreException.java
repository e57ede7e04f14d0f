package org.farshore.dataplane.runtime;

/**
 * A failure that ends a role or a command, with the exit code it ends with. The message says what, which object, which
 * value and what to do; it is printed as one line without a stack trace.
 */
public final class FarshoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;

    public FarshoreException(final ExitCode exitCode, final String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public FarshoreException(final ExitCode exitCode, final String message, final Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    /** The code the process ends with. */
    public ExitCode exitCode() {
        return exitCode;
    }
}
