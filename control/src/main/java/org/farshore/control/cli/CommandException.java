package org.farshore.control.cli;

/** A command could not be started, failed, or did not end in its time; the message says which one, and what it printed. */
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CommandException(final String message) {
        super(message);
    }

    CommandException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
