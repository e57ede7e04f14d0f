package org.farshore.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** All roles through many bad days. Further ones: {@code ./farshore simulate --seeds N}. */
class SimulationTest {
    private static final long SEEDS = Long.getLong("farshore.test.seeds", 2_000);
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
        for (final Rarity rarity : Rarity.values()) {
            assertThat(summary.tally().reachedCount(rarity))
                    .as(rarity.meaning())
                    .isPositive();
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
