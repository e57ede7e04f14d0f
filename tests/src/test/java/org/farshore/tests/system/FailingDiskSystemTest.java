package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FailingDisk;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.farshore.tests.lab.SmallFilesystem;
import org.junit.jupiter.api.Test;

/**
 * A disk below the master target's file system that breaks during write-back and is good again afterwards: the kernel tells
 * the failure once, then answers every sync with "well" and shows bytes that the disk lacks. And a disk that stands still.
 */
@PrivilegedSystemTest
class FailingDiskSystemTest {
    private static final String NAME = "FailingDiskSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration STILL = Duration.ofSeconds(4);

    @Test
    void diskThatBreaksUnderThePageCacheLosesNothingAcknowledged() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "fio", "mkfs.ext4", "nbdkit", "nbdfuse");
        try (FarshoreLab lab = FarshoreLab.create("breaks").withBpfFilesystem()) {
            final FailingDisk broken = FailingDisk.create(lab, "broken", 384 << 20);
            final SmallFilesystem target = SmallFilesystem.on(lab, "targetdisk", broken.device());
            final Path data = target.path().resolve("data");
            final LoopDevice disk = lab.memoryLoop("disk", 64 << 20);
            lab.set(Role.AGENT, "ring.length", "256m").set(Role.AGENT, "barrier.interval", "100ms");
            lab.set(Role.MASTER_TARGET, "data.directory", data.toString())
                    .set(Role.MASTER_TARGET, "journal.segment.length", "8m")
                    .set(Role.MASTER_TARGET, "journal.limit", "128m");
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            try (Fio load = Fio.startMixed(lab, Duration.ofSeconds(120), "4m", 1, disk.path())) {
                lab.awaitReceiving(4 << 20);
                standStill(lab, broken);
                breakAndMend(lab, broken);
                assertThat(load.running()).isTrue();
            }
            Shell.must("sync", disk.path().toString());
            lab.awaitCaughtUp(LIMIT);
            lab.assertEqual("a disk that broke under the page cache");
        }
    }

    /** A pause of the disk is a pause of the acknowledgements, seen in the lag, and nothing else. */
    private static void standStill(final FarshoreLab lab, final FailingDisk disk) {
        disk.standStill(true);
        Await.during(STILL, () -> {});
        final long lagMs = lab.now(Role.AGENT, ReplicationCounter.RECOVERY_LAG);
        final long durable = lab.now(Role.AGENT, ReplicationCounter.DURABLE_SEQUENCE);
        disk.standStill(false);
        Await.until(
                "acknowledgements come again",
                LIMIT,
                () -> lab.now(Role.AGENT, ReplicationCounter.DURABLE_SEQUENCE) > durable,
                lab::state);
        System.out.println("disk still for " + STILL.toSeconds() + " s: lag " + lagMs + " ms, then on");
        assertThat(lagMs).as("lag shown in the pause").isGreaterThan(STILL.toMillis() / 2);
        assertThat(lab.process(Role.MASTER_TARGET).alive()).isTrue();
    }

    private static void breakAndMend(final FarshoreLab lab, final FailingDisk disk) {
        disk.refuseWrites(true);
        assertThat(lab.process(Role.MASTER_TARGET).awaitExit(LIMIT)).isEqualTo(ExitCode.STORAGE.code());
        final long acknowledged = lab.now(Role.AGENT, ReplicationCounter.DURABLE_SEQUENCE);
        final long incarnation = lab.now(Role.AGENT, ReplicationCounter.SESSION_INCARNATION);
        final String log = lab.process(Role.MASTER_TARGET).log();
        log.lines().filter(line -> line.contains("exit=74")).forEach(System.out::println);
        assertThat(log).contains("state=failed exit=74", "Input/output error");
        disk.refuseWrites(false);
        lab.start(Role.MASTER_TARGET);
        final long next = lab.awaitWelcome(incarnation, LIMIT);
        System.out.println("broke under the page cache: acknowledged up to " + acknowledged
                + ", the master target has all up to " + (next - 1));
        assertThat(next).isGreaterThan(acknowledged);
    }
}
