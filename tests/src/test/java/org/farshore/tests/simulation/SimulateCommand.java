package org.farshore.tests.simulation;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.LogManager;

/** {@code farshore simulate}: worlds out of seeds, from the command line. */
public final class SimulateCommand {
    private static final String HELP = """
            farshore simulate: all three roles in one thread, from a seed, through lost connections, kills, power cuts, failing,
            full, slow and rotting disks, full capture rings and jumping clocks. A seed gives the same run everywhere.

            Usage:
              farshore simulate [--seeds N] [--seed S] [--minutes M] [--threads T] [--window|--operated] [--json] [--hashes]

              --seeds N     how many seeds (1000)
              --seed S      the first of them (1)
              --minutes M   go on with the next seeds until so many minutes are over
              --threads T   worlds at once (number of processors)
              --window      master targets keep a window of the past, whose points are looked at all the time
              --operated    the same, and somebody opens views, writes to them, fails over, cancels and commits
              --hashes      print the hash of all events of each seed, in order of the seeds; one thread
              --no-shrink   do not look for a smaller scenario that fails in the same way
              --json        the summary for programs

            Examples:
              farshore simulate --seeds 2000
              farshore simulate --minutes 480 --seed 1000000
              farshore simulate --seed 77 --seeds 1        the same run again, with its scenario when it fails

            A failing seed is printed with its scenario, shrunk, and noted in target/failed-seeds.
            Exit codes: 0 all invariants held   1 a seed failed   2 usage
            """;

    private static final int SHRINK_RUNS_MAX = 400;
    private static final int FAILURES_MAX = 10;
    private static final Path FAILED_SEEDS = Path.of("target", "failed-seeds");
    private static final long PROGRESS_MS = 500;

    private long firstSeed = 1;
    private long seedCount = 1000;
    private long minutes;
    private int threads = Runtime.getRuntime().availableProcessors();
    private boolean json;
    private boolean window;
    private boolean operated;
    private boolean hashes;
    private boolean shrink = true;
    private long nextSeed;
    private final long beganNs = System.nanoTime();

    private SimulateCommand() {}

    /** The command line; ends the process. */
    public static void main(final String[] args) throws InterruptedException {
        // What roles log of simulated faults is no news.
        LogManager.getLogManager().reset();
        System.exit(new SimulateCommand().run(args));
    }

    private int run(final String... args) throws InterruptedException {
        try {
            if (!parse(args)) {
                System.out.print(HELP);
                return 0;
            }
        } catch (final IllegalArgumentException e) {
            System.err.println(e.getMessage() + "; see farshore simulate --help");
            return 2;
        }
        nextSeed = firstSeed;
        if (hashes) {
            return printHashes();
        }
        final SimulationRunner runner = new SimulationRunner(this::next, FAILURES_MAX, this::scenario);
        final Thread interrupted = new Thread(() -> report(runner), "interrupted");
        Runtime.getRuntime().addShutdownHook(interrupted);
        final Thread progress = new Thread(() -> showProgress(runner), "progress");
        progress.setDaemon(true);
        progress.start();
        runner.run(threads);
        progress.interrupt();
        progress.join();
        Runtime.getRuntime().removeShutdownHook(interrupted);
        return report(runner);
    }

    private boolean parse(final String... args) {
        final Iterator<String> words = List.of(args).iterator();
        while (words.hasNext()) {
            final String word = words.next();
            switch (word) {
                case "--help", "-h" -> {
                    return false;
                }
                case "--seeds" -> seedCount = number(word, words, 1);
                case "--seed" -> firstSeed = number(word, words, 0);
                case "--minutes" -> minutes = number(word, words, 1);
                case "--threads" -> threads = (int) number(word, words, 1);
                case "--window" -> window = true;
                case "--operated" -> operated = true;
                case "--json" -> json = true;
                case "--hashes" -> hashes = true;
                case "--no-shrink" -> shrink = false;
                default -> throw new IllegalArgumentException("unknown option " + word);
            }
        }
        return true;
    }

    private static long number(final String option, final Iterator<String> words, final long least) {
        final String value = words.hasNext() ? words.next() : "nothing";
        try {
            final long number = Long.parseLong(value);
            if (number >= least) {
                return number;
            }
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(option + " wants a number, not " + value, e);
        }
        throw new IllegalArgumentException(option + " wants a number from " + least + " on, not " + value);
    }

    private Scenario scenario(final long seed) {
        final Scenario scenario = Scenario.of(seed);
        if (operated) {
            return scenario.operated(WindowHunt.WINDOW_NS);
        }
        return window ? scenario.withRetention(WindowHunt.WINDOW_NS) : scenario;
    }

    private long next() {
        final boolean isOver = minutes > 0
                ? System.nanoTime() - beganNs > TimeUnit.MINUTES.toNanos(minutes)
                : nextSeed - firstSeed >= seedCount;
        return isOver ? Long.MIN_VALUE : nextSeed++;
    }

    private int printHashes() {
        boolean isGood = true;
        for (long seed = next(); seed != Long.MIN_VALUE; seed = next()) {
            final Outcome outcome = World.run(scenario(seed));
            isGood &= outcome.isGood();
            System.out.printf("%d %016x %s%n", seed, outcome.hash(), outcome.isGood() ? "good" : "failed");
        }
        return isGood ? 0 : 1;
    }

    private void showProgress(final SimulationRunner runner) {
        final boolean isTerminal = System.console() != null && !json;
        try {
            while (isTerminal) {
                Thread.sleep(PROGRESS_MS);
                System.err.print("\r\u001b[K" + runner.summary().line() + timeLeft(runner.summary()));
            }
        } catch (final InterruptedException e) {
            System.err.print("\r\u001b[K");
        }
    }

    private String timeLeft(final SimulationSummary summary) {
        final double seconds = minutes > 0
                ? minutes * 60 - summary.wallNs() / 1e9
                : (seedCount - summary.seeds()) / Math.max(0.001, summary.seedsPerSecond());
        return String.format(Locale.ROOT, ", %.0f s left", Math.max(0, seconds));
    }

    private int report(final SimulationRunner runner) {
        runner.stop();
        final List<Outcome> failed = runner.failed();
        for (final Outcome outcome : failed) {
            KeptSeeds.note(FAILED_SEEDS, outcome);
        }
        if (json) {
            printJson(runner.summary().values());
        } else {
            System.out.print(runner.summary().text());
        }
        for (final Outcome outcome : failed) {
            System.out.println(describe(outcome));
        }
        if (shrink && !failed.isEmpty()) {
            System.out.println("looking for a smaller scenario that fails in the same way …");
            System.out.println(describe(new Shrinker(SHRINK_RUNS_MAX).shrink(failed.get(0))));
        }
        return failed.isEmpty() ? 0 : 1;
    }

    static String describe(final Outcome outcome) {
        return "FAILED seed " + outcome.scenario().seed() + "  "
                + outcome.violation().invariant() + ": " + outcome.violation().getMessage()
                + "\n  again: ./farshore simulate --seed " + outcome.scenario().seed() + " --seeds 1"
                + kindOf(outcome.scenario())
                + (outcome.scenario().faults().size() > 40
                        ? "  " + outcome.scenario().faults().size() + " faults"
                        : outcome.scenario().describe());
    }

    private static String kindOf(final Scenario scenario) {
        return scenario.installation().isOperated()
                ? " --operated\n"
                : scenario.installation().retentionNs() > 0 ? " --window\n" : "\n";
    }

    private static void printJson(final Map<String, Object> values) {
        final StringBuilder text = new StringBuilder("{");
        values.forEach((name, value) -> text.append(text.length() > 1 ? "," : "")
                .append('"')
                .append(name)
                .append("\":")
                .append(value instanceof Double number ? String.format(Locale.ROOT, "%.3f", number) : value));
        System.out.println(text.append('}'));
    }
}
