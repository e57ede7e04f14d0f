package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.RecoveryCli;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Real processes with a short window, while a few places of two volumes are written over and over for many times as long: the
 * journal stays in its bounds and its segments go round, what is overwritten reaches the replica volumes once, every point
 * of the window shows what it always showed, and when the window is given up nothing is missing.
 */
@PrivilegedSystemTest
class RetentionSystemTest {
    private static final String NAME = "RetentionSystemTest";
    /** More by {@code ./farshore test --long retire-load SECONDS}. */
    private static final Duration LOAD = Duration.ofSeconds(Integer.getInteger("farshore.test.retire.seconds", 15));

    private static final Duration WINDOW = Duration.ofSeconds(Integer.getInteger("farshore.test.retire.window", 3));
    /** Bytes per second; 0 for as much as the roles take without losing the order of writes. */
    private static final long RATE = Long.getLong("farshore.test.retire.rate", 16L << 20);

    private static final long JOURNAL_LIMIT = Long.getLong("farshore.test.retire.journal.mib", 96) << 20;
    private static final int SEED = Integer.getInteger("farshore.test.seed", (int) System.nanoTime());
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final Duration TRIAL = Duration.ofSeconds(8);
    private static final long RATE_MIN = 8L << 20;
    /** More than a disk in memory takes of fio here. */
    private static final long RATE_MAX = 1L << 30;

    private static final long TELL_INTERVAL_NS = 1_000_000_000L;
    private static final long VOLUME_LENGTH = 32L << 20;
    /** So many segments are in use besides the window: written, prepared, being applied. */
    private static final int SEGMENTS_BESIDE_MIN = 4;

    private FarshoreLab lab;
    private RecoveryCli cli;
    private RetireFigures figures;
    private Path[] disks;

    @Test
    void keepsTheWindowInBoundedRoomAndLosesNothingWhenItIsGivenUp() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "fio", "nbdcopy", "sha256sum");
        System.out.printf(
                "retire-load: %d s with a window of %d s, -Dfarshore.test.seed=%d%n",
                LOAD.toSeconds(), WINDOW.toSeconds(), SEED);
        lab = FarshoreLab.create("retention").withBpfFilesystem();
        protect();
        final long rate = RATE > 0 ? RATE : rateThatKeepsOrder();
        figures = new RetireFigures(lab);
        final PointsUnderLoad points = new PointsUnderLoad(cli, WINDOW, SEED);
        try (Fio load = Fio.startHot(lab, LOAD, rate, SEED, disks)) {
            long toldNs = System.nanoTime();
            while (load.running()) {
                points.readOne();
                figures.look();
                if (System.nanoTime() - toldNs > TELL_INTERVAL_NS) {
                    toldNs = System.nanoTime();
                    System.out.println(figures.progress() + "; " + points);
                }
            }
            load.await(LIMIT);
        }
        requireBounded();
        requirePointsOf(points);
        drain();
        System.out.println(figures.conclusion() + "; " + points + "; replicas EQUAL");
    }

    @AfterEach
    void takeDown() {
        if (lab != null) {
            lab.close();
        }
    }

    private void protect() {
        lab.set(Role.MASTER_TARGET, "retention.window", WINDOW.toSeconds() + "s")
                .set(Role.MASTER_TARGET, "journal.segment.length", "1m")
                .set(Role.MASTER_TARGET, "journal.limit", Long.toString(JOURNAL_LIMIT))
                .set(Role.AGENT, "ring.length", "128m");
        cli = new RecoveryCli(lab);
        disks = new Path[] {
            lab.memoryLoop("one", VOLUME_LENGTH).path(),
            lab.memoryLoop("two", VOLUME_LENGTH).path()
        };
        lab.protect("one", disks[0]).protect("two", disks[1]).startAll().awaitOrdered(LIMIT);
        lab.awaitDurable(LIMIT);
    }

    /** Half of the fastest at which order is kept for some seconds: points are read beside the load, too. */
    private long rateThatKeepsOrder() {
        long rate = RATE_MIN;
        while (rate < RATE_MAX && keepsOrder(2 * rate)) {
            rate *= 2;
        }
        System.out.printf(
                Locale.ROOT,
                "retire-load: %.0f MB/s, half of the fastest at which the three roles kept order for %d s%n",
                rate / 2e6,
                TRIAL.toSeconds());
        return rate / 2;
    }

    private boolean keepsOrder(final long rate) {
        final long gaps = lab.now(Role.AGENT, ReplicationCounter.CAPTURE_GAP_EPOCH);
        Fio.startHot(lab, TRIAL, rate, SEED, disks).await(LIMIT);
        final long beganNs = System.nanoTime();
        lab.awaitDurable(LIMIT);
        final long lagNs = System.nanoTime() - beganNs;
        return gaps == lab.now(Role.AGENT, ReplicationCounter.CAPTURE_GAP_EPOCH) && lagNs < TRIAL.toNanos() / 4;
    }

    private void requireBounded() {
        System.out.println(figures.conclusion());
        assertThat(figures.orderLost())
                .as("the load was too much for this machine, and a volume out of order keeps its last point")
                .isZero();
        assertThat(figures.journalBytes())
                .as("the journal went round, else nothing was shown")
                .isGreaterThan(2 * figures.usedPeakBytes());
        assertThat(figures.usedPeakBytes()).isLessThanOrEqualTo(JOURNAL_LIMIT);
        assertThat(figures.segments()).isGreaterThan(SEGMENTS_BESIDE_MIN);
        assertThat(figures.reused()).isGreaterThan(SEGMENTS_BESIDE_MIN);
        assertThat(figures.appliedBytes()).isPositive().isLessThan(figures.receivedBytes() * 3 / 4);
    }

    private void requirePointsOf(final PointsUnderLoad points) {
        assertThat(points.opened()).isPositive();
        assertThat(points.openedAgain()).isPositive();
        assertThat(points.span()).isGreaterThanOrEqualTo(WINDOW);
        assertThat(lab.now(Role.MASTER_TARGET, ReplicationCounter.VIEW_READ_ERRORS))
                .isZero();
    }

    /** Hardly any window: all that was written comes into the replica volumes. */
    private void drain() {
        Shell.must("sync");
        lab.awaitDurable(LIMIT);
        cli.must("retention", "set", "--window", "1ms");
        lab.awaitCaughtUp(LIMIT);
        lab.requireEqual("the window was given up");
    }
}
