package org.farshore.dataplane.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The command line of a tool that describes or verifies what lies under one path.
 *
 * @param command describe or verify; null with {@code help}.
 */
record InspectOptions(String command, Path path, boolean json, boolean help) {
    /**
     * Reads a command line.
     *
     * @param tool name of the tool, for hints.
     * @throws FarshoreException USAGE when it makes no sense.
     */
    static InspectOptions parse(final String tool, final String... arguments) {
        String command = null;
        Path path = null;
        boolean json = false;
        for (final String argument : arguments) {
            if (argument.equals("--help") || argument.equals("-h")) {
                return new InspectOptions(null, null, false, true);
            } else if (argument.equals("--json")) {
                json = true;
            } else if (argument.startsWith("-")) {
                throw usage(tool, "unknown option " + argument);
            } else if (command == null) {
                command = argument;
            } else if (path == null) {
                path = Path.of(argument);
            } else {
                throw usage(tool, "one PATH only, not also " + argument);
            }
        }
        if (command == null || !command.matches("describe|verify")) {
            throw usage(tool, command == null ? "say describe or verify" : "unknown command " + command);
        }
        if (path == null) {
            throw usage(tool, command + " wants a PATH");
        }
        return new InspectOptions(command, path, json, false);
    }

    /** What a tool does with a path. */
    @FunctionalInterface
    interface Look {
        /**
         * Looks, and tells what it saw.
         *
         * @throws IOException when files cannot be read.
         */
        ExitCode run(BlockFiles files, PrintStream out, InspectOptions options) throws IOException;
    }

    /** The tool of that name: its help, or a look. */
    static ToolRun.Work tool(final String name, final String help, final Look look) {
        return (files, out, arguments) -> {
            final InspectOptions options = parse(name, arguments);
            if (options.help()) {
                out.print(help);
                return ExitCode.OK;
            }
            return look.run(files, out, options);
        };
    }

    static FarshoreException usage(final String tool, final String message) {
        return new FarshoreException(ExitCode.USAGE, message + "; see " + tool + " --help");
    }
}
