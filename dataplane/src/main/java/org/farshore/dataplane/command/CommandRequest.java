package org.farshore.dataplane.command;

import java.util.Map;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * What a client wants done.
 *
 * @param verb such as {@code points} or {@code view-open}.
 * @param arguments by name, in the order in which they came.
 */
public record CommandRequest(String verb, Map<String, String> arguments) {
    /** The argument of this name, or null. */
    public String find(final String name) {
        return arguments.get(name);
    }

    /**
     * The argument of this name.
     *
     * @throws FarshoreException USAGE when it is missing.
     */
    public String require(final String name) {
        final String value = arguments.get(name);
        if (value == null) {
            throw new FarshoreException(ExitCode.USAGE, verb + " wants " + name);
        }
        return value;
    }

    /**
     * The argument of this name as a number, or {@code otherwise} when it is missing.
     *
     * @throws FarshoreException USAGE when it is no number.
     */
    public long number(final String name, final long otherwise) {
        final String value = arguments.get(name);
        try {
            return value == null ? otherwise : Long.parseLong(value);
        } catch (final NumberFormatException e) {
            throw new FarshoreException(ExitCode.USAGE, verb + ": " + name + " wants a number, not " + value, e);
        }
    }
}
