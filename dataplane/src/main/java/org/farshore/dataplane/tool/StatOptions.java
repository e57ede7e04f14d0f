package org.farshore.dataplane.tool;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * The command line of {@code farshore stat}.
 *
 * @param watchMs milliseconds between two looks, 0 to look once.
 * @param directories what to look at; empty for every role process of this machine.
 */
record StatOptions(boolean help, long watchMs, boolean json, boolean counters, List<Path> directories) {
    private static final double WATCH_SECONDS_DEFAULT = 1;
    private static final double WATCH_SECONDS_MIN = 0.1;
    private static final double WATCH_SECONDS_MAX = 3600;

    /**
     * Reads the arguments.
     *
     * @throws FarshoreException USAGE, with a hint, when they make no sense.
     */
    static StatOptions parse(final String... arguments) {
        boolean help = false;
        boolean json = false;
        boolean counters = false;
        long watchMs = 0;
        final List<Path> directories = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            final String argument = arguments[i];
            final int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
            final String option = equals < 0 ? argument : argument.substring(0, equals);
            String value = equals < 0 ? null : argument.substring(equals + 1);
            final boolean hasNext = i + 1 < arguments.length && !arguments[i + 1].startsWith("-");
            switch (option) {
                case "--help", "-h" -> help = true;
                case "--json" -> json = true;
                case "--counters" -> counters = true;
                case "--watch" -> {
                    if (value == null && hasNext) {
                        value = arguments[++i];
                    }
                    watchMs = watchMs(value);
                }
                case "--dir" -> {
                    if (value == null && !hasNext) {
                        throw usage("--dir wants a directory");
                    }
                    directories.add(Path.of(value == null ? arguments[++i] : value));
                }
                default -> throw usage("unknown argument " + argument);
            }
        }
        return new StatOptions(help, watchMs, json, counters, List.copyOf(directories));
    }

    private static long watchMs(final String text) {
        try {
            final double seconds = text == null ? WATCH_SECONDS_DEFAULT : Double.parseDouble(text);
            if (seconds >= WATCH_SECONDS_MIN && seconds <= WATCH_SECONDS_MAX) {
                return (long) (seconds * 1000);
            }
        } catch (final NumberFormatException e) {
            throw usage("--watch wants seconds, not " + text);
        }
        throw usage("--watch wants " + WATCH_SECONDS_MIN + " to " + WATCH_SECONDS_MAX + " seconds, not " + text);
    }

    private static FarshoreException usage(final String complaint) {
        return new FarshoreException(ExitCode.USAGE, complaint + "; see farshore stat --help");
    }

    /** What {@code --help} prints: options, exit codes, and every counter with its meaning. */
    static String helpText() {
        final StringBuilder text = new StringBuilder("""
                Usage: farshore stat [--watch [SECONDS]] [--json] [--counters] [--dir DIR]...

                Shows every role process of this machine: state and next step, volumes, lag, rates, errors.
                Reads shared memory only; nothing is asked of the roles and nothing is written.

                  --watch [SECONDS]  look again every SECONDS (default 1); on a terminal in place. Rates need this
                  --json             one object with everything, a line a look
                  --counters         every counter by its name, those of Aeron too
                  --dir DIR          look at this directory instead of /dev/shm/farshore-*; may be repeated

                Exit codes: 0 every role is healthy, 1 something is not (a dead role, no connection, a volume that is
                not in write order yet), 2 usage, 75 no role process found.

                Counters (type id, name, meaning); a name ends in its unit:
                """);
        for (final ReplicationCounter counter : ReplicationCounter.values()) {
            text.append(String.format("  %d  %-34s %s%n", counter.typeId(), counter.label(), counter.meaning()));
        }
        return text.toString();
    }
}
