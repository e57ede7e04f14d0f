package org.farshore.dataplane.tool;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.Colour;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.LiveScreen;
import org.farshore.dataplane.runtime.RoleSample;
import org.farshore.dataplane.runtime.RoleSampler;

/** {@code farshore stat}: what the roles of this machine are doing, read from their counters in shared memory. */
public final class ReplicationStat {
    private static final int STANDARD_OUTPUT = 1;

    private final StatOptions options;
    private final LiveScreen screen;
    private final StatTable table;
    private final boolean colour;
    private final Path parent;
    private final Map<Path, RoleSample> earlier = new HashMap<>();

    ReplicationStat(final StatOptions options, final LiveScreen screen, final boolean colour, final Path parent) {
        this.options = options;
        this.screen = screen;
        this.colour = colour;
        this.table = new StatTable(colour, options.counters());
        this.parent = parent;
    }

    /** Runs the command and ends the process with its exit code. */
    public static void main(final String[] arguments) {
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        int code;
        try {
            code = run(arguments, out).code();
        } catch (final FarshoreException e) {
            System.err.println("farshore stat: " + e.getMessage());
            code = e.exitCode().code();
        }
        out.flush();
        System.exit(code);
    }

    private static ExitCode run(final String[] arguments, final PrintStream out) {
        final StatOptions options = StatOptions.parse(arguments);
        if (options.help()) {
            out.print(StatOptions.helpText());
            return ExitCode.OK;
        }
        final boolean inPlace = options.watchMs() > 0 && !options.json() && LiveScreen.isTerminal(STANDARD_OUTPUT);
        final ReplicationStat stat = new ReplicationStat(
                options,
                new LiveScreen(out, inPlace),
                LiveScreen.wantsColour(STANDARD_OUTPUT),
                RoleSampler.SHARED_MEMORY);
        return options.watchMs() == 0 ? stat.look() : stat.watch();
    }

    /** Looks until the process is ended; its exit code then is that of a signal. */
    private ExitCode watch() {
        final CountDownLatch never = new CountDownLatch(1);
        try {
            do {
                look();
            } while (!never.await(options.watchMs(), TimeUnit.MILLISECONDS));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return ExitCode.OK;
    }

    /** Looks once and prints; what is returned tells whether all is well. */
    ExitCode look() {
        final List<RoleSample> now = samples();
        final List<RoleSample> before = new ArrayList<>();
        boolean healthy = true;
        for (final RoleSample sample : now) {
            before.add(earlier.get(sample.directory()));
            healthy &= RoleReport.of(sample).healthy();
        }
        print(now, before);
        earlier.clear();
        now.forEach(sample -> earlier.put(sample.directory(), sample));
        if (now.isEmpty()) {
            return ExitCode.UNAVAILABLE;
        }
        return healthy ? ExitCode.OK : ExitCode.NO;
    }

    private List<RoleSample> samples() {
        final List<Path> directories =
                options.directories().isEmpty() ? RoleSampler.directories(parent) : options.directories();
        final List<RoleSample> samples = new ArrayList<>();
        for (final Path directory : directories) {
            final RoleSample sample = RoleSampler.read(directory);
            if (sample != null) {
                samples.add(sample);
            }
        }
        return samples;
    }

    private void print(final List<RoleSample> now, final List<RoleSample> before) {
        final List<String> lines = new ArrayList<>();
        if (options.json()) {
            lines.add(StatJson.of(now, before));
        } else {
            if (options.watchMs() > 0) {
                final String time =
                        LocalTime.now().truncatedTo(ChronoUnit.SECONDS).toString();
                lines.add(Colour.FAINT.paint(colour, "farshore stat, " + time + ", Ctrl-C ends it"));
            }
            for (int i = 0; i < now.size(); i++) {
                lines.addAll(table.lines(now.get(i), before.get(i)));
            }
            if (now.isEmpty()) {
                lines.add("No role process found under " + parent + ". Start one: farshore agent --config FILE,");
                lines.add("or see one at work: farshore demo");
            }
        }
        screen.draw(lines);
    }
}
