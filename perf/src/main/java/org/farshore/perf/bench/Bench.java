package org.farshore.perf.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks: {@code farshore bench}. All subjects run once in each round, so that what disturbs the machine meets
 * them alike; a figure is the median of the rounds, a ratio the median of the ratios within the rounds.
 */
public final class Bench {
    private static final int ROUNDS_DEFAULT = 3;

    private Bench() {}

    /** See {@code --help}. */
    public static void main(final String... args) throws RunnerException {
        String name = ".*Benchmark";
        int rounds = ROUNDS_DEFAULT;
        double seconds = 1;
        Path results = null;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--quick" -> {
                    rounds = 1;
                    seconds = 0.5;
                }
                case "--rounds" -> rounds = Integer.parseInt(args[++i]);
                case "--seconds" -> seconds = Double.parseDouble(args[++i]);
                case "--results" -> results = Path.of(args[++i]);
                default -> {
                    if (args[i].startsWith("-")) {
                        help();
                        System.exit("--help".equals(args[i]) ? 0 : 2);
                    }
                    name = ".*" + args[i] + ".*";
                }
            }
        }
        final List<Collection<RunResult>> all = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            System.err.println("round " + (round + 1) + " of " + rounds);
            all.add(new Runner(options(name, seconds).build()).run());
        }
        final BenchReport report = new BenchReport(all);
        System.out.print(report.text());
        if (results != null) {
            report.save(results);
        }
    }

    private static ChainedOptionsBuilder options(final String name, final double seconds) {
        final TimeValue time = TimeValue.milliseconds((long) (seconds * 1000));
        return new OptionsBuilder()
                .include(name)
                .forks(1)
                .warmupIterations(1)
                .warmupTime(time)
                .measurementIterations(2)
                .measurementTime(time)
                .shouldFailOnError(true)
                .verbosity(org.openjdk.jmh.runner.options.VerboseMode.SILENT);
    }

    private static void help() {
        System.out.println("""
                usage: farshore bench [NAME] [OPTION...]
                  NAME            part of a benchmark's name: Journal, Optimise, Codec
                  --quick         one short round
                  --rounds N      default 3
                  --seconds S     of each iteration; default 1
                  --results NAME  writes NAME.json and NAME.md
                FARSHORE_BENCH_DIRECTORY names where files are written; default /var/tmp""");
    }
}
