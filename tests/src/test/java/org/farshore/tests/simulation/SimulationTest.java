package org.farshore.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** All roles through many bad days. Further ones: {@code ./farshore simulate --seeds N}. */
class SimulationTest {
    private static final long SEEDS = Long.getLong("farshore.test.seeds", 2_000);
    private static final int WINDOW_SEEDS = 60;
    private static final int OPERATED_SEEDS = 40;
    private static final int ROT_SEEDS = 30;
    private static final int LEAVE_SEEDS = 60;
    private static final int PIN_SEEDS = 40;
    private static final int REPEATED = 20;
    private static final int FAULTS_MEAN_MIN = 200;

    @Test
    void everySeedKeepsTheInvariants() throws InterruptedException {
        final Deque<Long> seeds = new ArrayDeque<>(KeptSeeds.load());
        LongStream.rangeClosed(1, SEEDS).forEach(seeds::add);
        final SimulationRunner runner = new SimulationRunner(() -> seeds.isEmpty() ? Long.MIN_VALUE : seeds.poll(), 1)
                .run(Runtime.getRuntime().availableProcessors());
        final SimulationSummary summary = runner.summary();
        System.out.println("simulation:\n" + summary.text());
        assertThat(runner.failed().stream().map(SimulateCommand::describe).collect(Collectors.joining()))
                .isEmpty();
        assertThat(summary.faultsPerSeed()).isGreaterThanOrEqualTo(FAULTS_MEAN_MIN);
        for (final Rarity rarity : EnumSet.range(Rarity.RING_OVERFLOW, Rarity.GREW)) {
            assertThat(summary.tally().reachedCount(rarity))
                    .as(rarity.meaning())
                    .isPositive();
        }
    }

    @Test
    void everySeedShowsTheTruthAtEveryPointOfItsWindow() {
        final Tally tally = runAll(WINDOW_SEEDS, new WindowHunt());
        assertThat(tally.reachedCount(Rarity.VIEW)).isGreaterThan(WINDOW_SEEDS * 20L);
    }

    @Test
    void everySeedKeepsWhatWasWrittenToItsViewsAndWhoOwnsTheDisks() {
        final Tally tally = runAll(OPERATED_SEEDS, new FailoverHunt());
        for (final Rarity rarity : EnumSet.range(Rarity.VIEW_USED, Rarity.OVERLAY_STOPPED)) {
            System.out.printf("%,11d  %s%n", tally.reachedCount(rarity), rarity.meaning());
            assertThat(tally.reachedCount(rarity)).as(rarity.meaning()).isPositive();
        }
    }

    @Test
    void everySeedComesBackToTheTruthBehindRot() {
        final Tally tally = runAll(ROT_SEEDS, new RotHunt());
        assertThat(tally.reachedCount(Rarity.ROT)).isGreaterThan(ROT_SEEDS * 10L);
    }

    @Test
    void everySeedShowsNoWrongByteInAViewOverRot() {
        final Tally tally = runAll(ROT_SEEDS, new RottenViewHunt());
        assertThat(tally.reachedCount(Rarity.ROT)).isGreaterThan(ROT_SEEDS * 5L);
        assertThat(tally.reachedCount(Rarity.VIEW_USED)).isPositive();
    }

    @Test
    void everySeedShowsTheTruthOfVolumesThatLeaveAndComeBack() {
        final Tally tally = runAll(LEAVE_SEEDS, new LeaveHunt());
        assertThat(tally.reachedCount(Rarity.LEFT)).isGreaterThan(LEAVE_SEEDS);
    }

    @Test
    void everySeedKeepsWhatIsPinned() {
        final Tally tally = runAll(PIN_SEEDS, new PinHunt());
        assertThat(tally.reachedCount(Rarity.PINNED)).isGreaterThan(PIN_SEEDS * 10L);
    }

    private static Tally runAll(final int seeds, final ScenarioHunt worlds) {
        final Tally tally = new Tally();
        final String failures = LongStream.rangeClosed(1, seeds)
                .parallel()
                .mapToObj(seed -> World.run(worlds.scenario(seed)))
                .peek(outcome -> {
                    synchronized (tally) {
                        tally.add(outcome.tally());
                    }
                })
                .filter(outcome -> !outcome.isGood())
                .map(SimulateCommand::describe)
                .collect(Collectors.joining());
        assertThat(failures).isEmpty();
        return tally;
    }

    @Test
    void sameSeedIsTheSameRunOnANewerJava() throws IOException, InterruptedException {
        final Path java = newerJava();
        if (java == null) {
            System.out.println("SKIPPED SimulationTest.newerJava: no JDK 25 under /usr/lib/jvm");
        }
        assumeTrue(java != null);
        final StringBuilder expected = new StringBuilder();
        for (long seed = 1; seed <= REPEATED; seed++) {
            final Outcome outcome = World.run(Scenario.of(seed));
            expected.append(String.format("%d %016x %s%n", seed, outcome.hash(), outcome.isGood() ? "good" : "failed"));
        }
        final String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        final Process process = new ProcessBuilder(
                        java.toString(),
                        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "--add-opens=java.base/java.util.zip=ALL-UNNAMED",
                        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        SimulateCommand.class.getName(),
                        "--hashes",
                        "--seeds",
                        "" + REPEATED)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(printed).isEqualTo(expected.toString());
        System.out.println("the hashes of " + REPEATED + " seeds are the same on " + java);
    }

    private static Path newerJava() throws IOException {
        final Path directory = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(directory)) {
            return null;
        }
        try (Stream<Path> homes = Files.list(directory)) {
            return homes.filter(home -> home.getFileName().toString().contains("25"))
                    .map(home -> home.resolve("bin/java"))
                    .filter(Files::isExecutable)
                    .sorted()
                    .findFirst()
                    .orElse(null);
        }
    }

    @Test
    void sameSeedIsTheSameRun() {
        for (long seed = 1; seed <= REPEATED; seed++) {
            final Outcome first = World.run(Scenario.of(seed));
            final Outcome second = World.run(Scenario.of(seed));
            assertThat(second.hash()).as("hash of seed " + seed).isEqualTo(first.hash());
            assertThat(second.tally().steps()).isEqualTo(first.tally().steps());
        }
    }
}
