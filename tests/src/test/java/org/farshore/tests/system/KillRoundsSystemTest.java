package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/**
 * Rounds of this: writes of 512 bytes to 1 MiB to two volumes, direct and buffered; SIGKILL of a role at a random moment;
 * some time without it; its restart; then, when all writes have ended, every byte of both copies.
 *
 * <p>The load is limited, so that the capture ring holds what is written while a role is away. Where it does, nothing may
 * be read again from the disks but what a repair asks for.
 */
@PrivilegedSystemTest
class KillRoundsSystemTest {
    private static final String NAME = "KillRoundsSystemTest";
    private static final int ROUNDS = Integer.getInteger("farshore.test.kill.rounds", 12);
    private static final long SEED = Long.getLong("farshore.test.seed", System.nanoTime());
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final Duration LOAD = Duration.ofSeconds(2);
    private static final long LENGTH = 64 << 20;
    /** By each of four jobs; the ring then holds what some 10 s bring, and a role is away for two or three. */
    private static final String RATE = "6m";

    private static final int KILL_AFTER_MS_MAX = 1_200;
    private static final int AWAY_MS_MAX = 500;

    /** What one round showed; counts are those of the round alone. */
    private record Round(
            int number,
            long seed,
            Role victim,
            long streamingAgainNs,
            long gaps,
            long dropped,
            long resync,
            long repair) {
        /** True when the ring held everything. */
        boolean isWithoutOverflow() {
            return gaps == 0 && dropped == 0;
        }

        void print() {
            System.out.printf(
                    Locale.ROOT,
                    "round %2d: seed %016x, %-14s killed, streaming again after %.2f s; dropped=%d gaps=%d"
                            + " resyncBytes=%d repairBytes=%d; EQUAL%n",
                    number,
                    seed,
                    victim.verb(),
                    streamingAgainNs / 1e9,
                    dropped,
                    gaps,
                    resync,
                    repair);
        }
    }

    @Test
    void killsAtRandomMomentsLoseNothingAndReadNothingAgain() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "fio");
        System.out.println("kill rounds: " + ROUNDS + ", -Dfarshore.test.seed=" + SEED);
        final long startedNs = System.nanoTime();
        try (FarshoreLab lab = FarshoreLab.create("kills").withBpfFilesystem()) {
            final LoopDevice first = lab.memoryLoop("first", LENGTH);
            final LoopDevice second = lab.memoryLoop("second", LENGTH);
            lab.protect("first", first.path()).protect("second", second.path());
            lab.set(Role.AGENT, "ring.length", "256m").set(Role.AGENT, "barrier.interval", "100ms");
            lab.startAll().awaitOrdered(LIMIT);
            final SplittableRandom seeds = new SplittableRandom(SEED);
            final List<Round> rounds = new ArrayList<>();
            for (int number = 1; number <= ROUNDS; number++) {
                final Round round = round(lab, number, seeds.nextLong(), first, second);
                round.print();
                rounds.add(round);
            }
            judge(rounds, System.nanoTime() - startedNs, lab.total(Role.AGENT, ReplicationCounter.CAPTURED_BYTES));
        }
    }

    private static Round round(
            final FarshoreLab lab, final int number, final long seed, final LoopDevice first, final LoopDevice second) {
        final SplittableRandom random = new SplittableRandom(seed);
        final Role victim = Role.values()[random.nextInt(Role.values().length)];
        final long gaps = lab.now(Role.AGENT, ReplicationCounter.CAPTURE_GAP_EPOCH);
        final long dropped = lab.now(Role.AGENT, ReplicationCounter.CAPTURE_DROPPED);
        final long resync = lab.total(Role.AGENT, ReplicationCounter.RESYNC_BYTES);
        final long repair = lab.total(Role.AGENT, ReplicationCounter.REPAIR_BYTES);
        final long streamingAgainNs;
        try (Fio load = Fio.startMixed(lab, LOAD, RATE, random.nextInt(), first.path(), second.path())) {
            pass(random.nextInt(KILL_AFTER_MS_MAX));
            final long killedNs = System.nanoTime();
            lab.kill(victim);
            pass(random.nextInt(AWAY_MS_MAX));
            lab.start(victim);
            awaitFlow(lab, number, victim);
            streamingAgainNs = System.nanoTime() - killedNs;
            load.await(LIMIT);
        }
        Shell.must("sync", first.path().toString(), second.path().toString());
        lab.awaitCaughtUp(LIMIT);
        lab.requireEqual("round " + number + " (a kill of " + victim.verb() + ")");
        return new Round(
                number,
                seed,
                victim,
                streamingAgainNs,
                lab.now(Role.AGENT, ReplicationCounter.CAPTURE_GAP_EPOCH) - gaps,
                lab.now(Role.AGENT, ReplicationCounter.CAPTURE_DROPPED) - dropped,
                lab.total(Role.AGENT, ReplicationCounter.RESYNC_BYTES) - resync,
                lab.total(Role.AGENT, ReplicationCounter.REPAIR_BYTES) - repair);
    }

    private static void pass(final int milliseconds) {
        Await.during(Duration.ofMillis(milliseconds), () -> {});
    }

    private static void awaitFlow(final FarshoreLab lab, final int number, final Role victim) {
        final long sequence = lab.now(Role.AGENT, ReplicationCounter.DURABLE_SEQUENCE);
        Await.until(
                "the stream flows again after the kill of " + victim.verb() + " in round " + number,
                LIMIT,
                () -> lab.now(Role.AGENT, ReplicationCounter.SESSION_STATE) == FarshoreLab.STREAMING
                        && lab.now(Role.AGENT, ReplicationCounter.DURABLE_SEQUENCE) > sequence,
                lab::state);
    }

    private static void judge(final List<Round> rounds, final long tookNs, final long capturedBytes) {
        final List<Round> held =
                rounds.stream().filter(Round::isWithoutOverflow).toList();
        final long[] sorted =
                rounds.stream().mapToLong(Round::streamingAgainNs).sorted().toArray();
        System.out.printf(
                Locale.ROOT,
                "kill rounds: %d in %.0f s, %.2f GB captured, all EQUAL; kills of agent %d, process server %d, master target %d; without overflow %d,"
                        + " in those resyncBytes=%d repairBytes=%d; streaming again after %.2f s in the middle, %.2f s at"
                        + " most%n",
                rounds.size(),
                tookNs / 1e9,
                capturedBytes / 1e9,
                killsOf(Role.AGENT, rounds),
                killsOf(Role.PROCESS_SERVER, rounds),
                killsOf(Role.MASTER_TARGET, rounds),
                held.size(),
                held.stream().mapToLong(Round::resync).sum(),
                held.stream().mapToLong(Round::repair).sum(),
                sorted[sorted.length / 2] / 1e9,
                sorted[sorted.length - 1] / 1e9);
        assertThat(held.size()).as("rounds without overflow").isGreaterThanOrEqualTo((ROUNDS * 2 + 2) / 3);
        assertThat(held).allSatisfy(round -> assertThat(round.resync()).isZero());
    }

    private static long killsOf(final Role role, final List<Round> rounds) {
        return rounds.stream().filter(round -> round.victim() == role).count();
    }
}
