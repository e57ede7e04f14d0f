package org.farshore.dataplane.command;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** The commands that a role knows. Filled before the role starts, not changed afterwards. */
public final class CommandBook {
    private final Map<String, Function<CommandRequest, CommandTask>> verbs = new TreeMap<>();

    /** Adds a command. */
    public CommandBook add(final String verb, final Function<CommandRequest, CommandTask> maker) {
        if (verbs.put(verb, maker) != null) {
            throw new IllegalArgumentException("command " + verb + " is there already");
        }
        return this;
    }

    /**
     * Begins a command.
     *
     * @throws FarshoreException USAGE when there is none of this name or its arguments are wrong.
     */
    CommandTask begin(final CommandRequest request) {
        final Function<CommandRequest, CommandTask> maker = verbs.get(request.verb());
        if (maker == null) {
            throw new FarshoreException(
                    ExitCode.USAGE,
                    "this role knows no command " + request.verb() + ", only " + String.join(", ", verbs.keySet()));
        }
        return maker.apply(request);
    }
}
