package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.junit.jupiter.api.Test;

/**
 * A ring that cannot hold what is written, because it is tiny or because nobody takes anything out of it: order is lost,
 * coverage never, and the application goes on.
 */
@PrivilegedSystemTest
class OverflowSystemTest {
    private static final Duration LOAD = Duration.ofSeconds(Integer.getInteger("farshore.test.load.seconds", 8));
    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("farshore.test.outage.seconds", 20));
    private static final Duration LIMIT = Duration.ofSeconds(90);
    /** fio notes a second's work; a busy machine may let it wait a little longer, never as long as an outage. */
    private static final Duration PAUSE_MAX = Duration.ofSeconds(4);

    private static final String[] FULL_LOAD = {"--rw=randwrite", "--bs=64k", "--iodepth=8", "--size=256m"};
    private static final long LENGTH = 256 << 20;

    @Test
    void ringOfOneMebibyteUnderFullLoadConvergesAndNeverHoldsTheSourceUp() {
        Features.requireEbpf("OverflowSystemTest.ringOfOneMebibyte");
        Features.requireCommands("OverflowSystemTest.ringOfOneMebibyte", "fio");
        try (FarshoreLab lab =
                FarshoreLab.create("overflow").withBpfFilesystem().set(Role.AGENT, "ring.length", "1m")) {
            final LoopDevice disk = lab.memoryLoop("disk", LENGTH);
            final Fio bare = Fio.start(lab, disk.path(), LOAD, FULL_LOAD).await(LIMIT);
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            final Fio captured = Fio.start(lab, disk.path(), LOAD, FULL_LOAD).await(LIMIT);
            lab.assertEqualWhenCaughtUp("overflow of a ring of 1 MiB", LIMIT);
            captured.assertNeverHeldUp(PAUSE_MAX);
            assertThat(lab.now(Role.AGENT, ReplicationCounter.CAPTURE_DROPPED)).isPositive();
            report("ring of 1 MiB", lab, bare, captured);
        }
    }

    @Test
    void outageOfTheProcessServerUnderLoadConvergesAndNeverHoldsTheSourceUp() {
        Features.requireEbpf("OverflowSystemTest.outage");
        Features.requireCommands("OverflowSystemTest.outage", "fio");
        try (FarshoreLab lab = FarshoreLab.create("outage").withBpfFilesystem().set(Role.AGENT, "ring.length", "16m")) {
            final LoopDevice disk = lab.memoryLoop("disk", LENGTH);
            final Fio bare = Fio.start(lab, disk.path(), LOAD, FULL_LOAD).await(LIMIT);
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            final Duration load = OUTAGE.plus(LOAD);
            final Fio captured = Fio.start(lab, disk.path(), load, FULL_LOAD);
            lab.kill(Role.PROCESS_SERVER);
            Await.during(OUTAGE, () -> assertThat(captured.running()).isTrue());
            lab.start(Role.PROCESS_SERVER);
            captured.await(load.plus(LIMIT));
            lab.assertEqualWhenCaughtUp("an outage of " + OUTAGE.toSeconds() + " s", LIMIT.multipliedBy(2));
            captured.assertNeverHeldUp(PAUSE_MAX);
            report("outage of " + OUTAGE.toSeconds() + " s", lab, bare, captured);
        }
    }

    private static void report(final String what, final FarshoreLab lab, final Fio bare, final Fio captured) {
        System.out.printf(
                Locale.ROOT,
                "%s: fio %.0f MB/s captured, %.0f MB/s bare (ratio %.2f); droppedRecords=%d resyncBytes=%d gaps=%d%n",
                what,
                captured.meanMegabytesPerSecond(),
                bare.meanMegabytesPerSecond(),
                captured.meanMegabytesPerSecond() / bare.meanMegabytesPerSecond(),
                lab.now(Role.AGENT, ReplicationCounter.CAPTURE_DROPPED),
                lab.total(Role.AGENT, ReplicationCounter.RESYNC_BYTES),
                lab.now(Role.AGENT, ReplicationCounter.CAPTURE_GAP_EPOCH));
    }
}
