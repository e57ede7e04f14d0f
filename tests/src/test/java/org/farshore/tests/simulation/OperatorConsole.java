package org.farshore.tests.simulation;

import java.util.Map;
import java.util.TreeMap;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandAccess;
import org.farshore.dataplane.command.CommandBook;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandTask;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** An operator at the master target's command socket, without the socket: one command after the other. */
final class OperatorConsole implements CommandReply {
    private CommandTask task;
    private ExitCode exitCode;
    private String message = "";

    /** Gives a command; arguments are name, value, name, value. */
    void begin(final CommandBook book, final String verb, final String... arguments) {
        final Map<String, String> named = new TreeMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            named.put(arguments[i], arguments[i + 1]);
        }
        exitCode = null;
        message = "";
        try {
            task = CommandAccess.begin(book, verb, named);
        } catch (final FarshoreException e) {
            done(e.exitCode(), e.getMessage());
        }
    }

    /** Lets the command under way go on. */
    void step() {
        if (task != null) {
            try {
                task.step(this);
            } catch (final FarshoreException e) {
                done(e.exitCode(), e.getMessage());
            }
        }
    }

    boolean isUnderWay() {
        return task != null;
    }

    /** The role is no more, and nobody answers. */
    void hangUp() {
        task = null;
        exitCode = null;
        message = "the role has ended";
    }

    /** True when the last command was carried out. */
    boolean isDone() {
        return exitCode == ExitCode.OK;
    }

    /** True when the last command was answered, in whatever way. */
    boolean isAnswered() {
        return exitCode != null;
    }

    ExitCode exitCode() {
        return exitCode;
    }

    String message() {
        return message;
    }

    @Override
    public boolean row(final Cell... cells) {
        return true;
    }

    @Override
    public void progressBytes(final String stage, final long done, final long total) {
        // Nobody watches.
    }

    @Override
    public void progressCount(final String stage, final long done, final long total) {
        // Nobody watches.
    }

    @Override
    public void done(final ExitCode code, final String text) {
        task = null;
        exitCode = code;
        message = text;
        if (code == ExitCode.INVARIANT) {
            throw new Violation("I6", "a command broke an invariant: " + text);
        }
    }
}
