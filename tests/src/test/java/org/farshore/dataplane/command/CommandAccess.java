package org.farshore.dataplane.command;

import java.util.Map;

/** Commands without their socket, for tests of other packages that step a role in one thread. */
public final class CommandAccess {
    private CommandAccess() {}

    /** Begins a command as the command thread does when a client sends it. */
    public static CommandTask begin(final CommandBook book, final String verb, final Map<String, String> arguments) {
        return book.begin(new CommandRequest(verb, arguments));
    }
}
