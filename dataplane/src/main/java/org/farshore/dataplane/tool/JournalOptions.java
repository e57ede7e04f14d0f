package org.farshore.dataplane.tool;

import java.nio.file.Path;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The command line of {@code farshore journal}.
 *
 * @param command describe, dump or verify; null with {@code help}.
 * @param from first position to dump.
 * @param limit most frames to dump.
 */
record JournalOptions(String command, Path path, boolean json, boolean bodies, long from, long limit, boolean help) {
    static final String HELP = """
            farshore journal: what the journal of a master target holds. Reads only; the journal may be in use.

            Usage:
              farshore journal describe PATH [--json]
              farshore journal dump PATH [--from POSITION] [--limit COUNT] [--bodies] [--json]
              farshore journal verify PATH [--json]

            PATH is the data directory of a master target (all streams in it), the directory of one stream, or its
            directory journal.

              describe   state record, segments, sequences, end
              dump       one line for each frame from the horizon on; with --json one object a line
              verify     reads and checks every frame; says whether anything that was durable is gone

              --from POSITION   leave out frames below
              --limit COUNT     stop after so many frames
              --bodies          what each frame holds, decoded
              --json            for programs

            Examples:
              farshore journal describe /var/lib/farshore/master-target
              farshore journal dump /var/lib/farshore/master-target --limit 20 --bodies
              farshore journal verify /var/lib/farshore/master-target --json

            Exit codes: 0 done, or no damage   1 verify found damage   2 usage   74 a file cannot be read
            """;

    static JournalOptions parse(final String... arguments) {
        String command = null;
        Path path = null;
        boolean json = false;
        boolean bodies = false;
        long from = 0;
        long limit = Long.MAX_VALUE;
        for (int i = 0; i < arguments.length; i++) {
            final String argument = arguments[i];
            switch (argument) {
                case "--help", "-h" -> {
                    return new JournalOptions(null, null, false, false, 0, 0, true);
                }
                case "--json" -> json = true;
                case "--bodies" -> bodies = true;
                case "--from" -> from = number(arguments, ++i);
                case "--limit" -> limit = number(arguments, ++i);
                default -> {
                    if (argument.startsWith("-")) {
                        throw usage("unknown option " + argument);
                    } else if (command == null) {
                        command = argument;
                    } else if (path == null) {
                        path = Path.of(argument);
                    } else {
                        throw usage("one PATH only, not also " + argument);
                    }
                }
            }
        }
        return checked(new JournalOptions(command, path, json, bodies, from, limit, false));
    }

    private static JournalOptions checked(final JournalOptions options) {
        if (options.command == null) {
            throw usage("say describe, dump or verify");
        }
        if (!options.command.matches("describe|dump|verify")) {
            throw usage("unknown command " + options.command + ": say describe, dump or verify");
        }
        if (options.path == null) {
            throw usage(options.command + " wants the PATH of a journal");
        }
        return options;
    }

    private static long number(final String[] arguments, final int i) {
        if (i == arguments.length) {
            throw usage(arguments[i - 1] + " wants a number");
        }
        try {
            return Long.parseLong(arguments[i]);
        } catch (final NumberFormatException e) {
            throw usage(arguments[i - 1] + " wants a number, not " + arguments[i]);
        }
    }

    static FarshoreException usage(final String message) {
        return new FarshoreException(ExitCode.USAGE, message + "; see farshore journal --help");
    }
}
