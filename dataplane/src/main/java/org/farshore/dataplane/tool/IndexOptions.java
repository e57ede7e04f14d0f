package org.farshore.dataplane.tool;

import java.nio.file.Path;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The command line of {@code farshore index}.
 *
 * @param command describe or verify; null with {@code help}.
 */
record IndexOptions(String command, Path path, boolean json, boolean help) {
    static final String HELP = """
            farshore index: what the version index of a master target holds. Reads only; the index may be in use.

            Usage:
              farshore index describe PATH [--json]
              farshore index verify PATH [--json]

            PATH is the data directory of a master target (all streams in it), the directory of one stream, or its
            directory index.

              describe   checkpoint, files, versions by kind and by volume
              verify     checks every page up to the checkpoint, and each version against the journal frame it names.
                         A damaged index loses nothing: the next start makes it again from the journal

              --json     for programs

            Examples:
              farshore index describe /var/lib/farshore/master-target
              farshore index verify /var/lib/farshore/master-target --json

            Exit codes: 0 done, or no damage   1 verify found damage   2 usage   74 a file cannot be read
            """;

    static IndexOptions parse(final String... arguments) {
        String command = null;
        Path path = null;
        boolean json = false;
        for (final String argument : arguments) {
            if (argument.equals("--help") || argument.equals("-h")) {
                return new IndexOptions(null, null, false, true);
            } else if (argument.equals("--json")) {
                json = true;
            } else if (argument.startsWith("-")) {
                throw usage("unknown option " + argument);
            } else if (command == null) {
                command = argument;
            } else if (path == null) {
                path = Path.of(argument);
            } else {
                throw usage("one PATH only, not also " + argument);
            }
        }
        if (command == null || !command.matches("describe|verify")) {
            throw usage(command == null ? "say describe or verify" : "unknown command " + command);
        }
        if (path == null) {
            throw usage(command + " wants the PATH of an index");
        }
        return new IndexOptions(command, path, json, false);
    }

    static FarshoreException usage(final String message) {
        return new FarshoreException(ExitCode.USAGE, message + "; see farshore index --help");
    }
}
