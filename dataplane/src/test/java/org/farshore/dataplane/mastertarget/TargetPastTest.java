package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A master target with a window: what it must keep, what it shows, and that it comes to an end with its room. */
class TargetPastTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void shouldKeepTheWindowAndNoMoreRoomThanItTakes() {
        final PastWorld world = new PastWorld(1).play(20 * SECOND_NS);
        world.checkPoints();
        assertThat(world.viewsChecked).isGreaterThan(50);
        assertThat(world.target.counters.get(ReplicationCounter.JOURNAL_APPLIED_POSITION, TargetHarness.MACHINE))
                .as("segments went round")
                .isGreaterThan(20L * (256 << 10));
        world.drain();
    }

    @Test
    void shouldShowTheSameAfterARestart() {
        final PastWorld world = new PastWorld(2).play(6 * SECOND_NS);
        world.checkPoints();
        world.stop(Survival.ALL);
        world.play(8 * SECOND_NS).checkPoints();
        world.stop(Survival.NONE);
        world.play(10 * SECOND_NS).checkPoints();
        world.drain();
    }

    @Test
    void shouldShowTheTruthAfterAStopInTheMiddleOfAnyOperation() {
        playSeeds(100, 112);
    }

    @Test
    @Tag("slow")
    void shouldShowTheTruthAfterVeryManyStops() {
        playSeeds(1000, 1400);
    }

    private static void playSeeds(final long from, final long to) {
        for (long seed = from; seed < to; seed++) {
            final Random random = new Random(seed);
            final PastWorld world = new PastWorld(seed);
            try {
                for (int i = 0; i < 6; i++) {
                    world.target.disk.crashAtOperation(world.target.disk.operations() + 1 + random.nextInt(600));
                    world.play(world.target.clocks.nanoTime() + 3 * SECOND_NS);
                }
                world.target.disk.crashAtOperation(Long.MAX_VALUE);
                world.play(world.target.clocks.nanoTime() + SECOND_NS);
                world.checkPoints();
                world.drain();
            } catch (final RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }
}
