package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
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
 * The disks of a master target are full: before a machine comes for the first time, then that of the replica, then that
 * of the journal too. The role never ends, says what is wrong once, holds the sender back, and goes on in the same process
 * when there is room.
 */
@PrivilegedSystemTest
class FullDiskSystemTest {
    private static final String NAME = "FullDiskSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long LENGTH = 64 << 20;
    private static final long SEGMENT_LENGTH = 4 << 20;
    /** For a few segments and the reserve of one. */
    private static final long JOURNAL_ROOM = 24 << 20;

    @Test
    void fullDisksHoldTheSenderBackAndNothingIsLost() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "fio", "mkfs.ext4", "fallocate");
        try (FarshoreLab lab = FarshoreLab.create("full").withBpfFilesystem()) {
            final SmallFilesystem journalDisk = SmallFilesystem.create(lab, "journaldisk", 128 << 20);
            final SmallFilesystem replicaDisk = SmallFilesystem.create(lab, "replicadisk", 96 << 20);
            final Path data = journalDisk.path().resolve("data");
            Shell.must("mkdir", data.toString());
            final LoopDevice disk = lab.memoryLoop("disk", LENGTH);
            lab.set(Role.AGENT, "ring.length", "256m").set(Role.AGENT, "barrier.interval", "100ms");
            lab.set(Role.MASTER_TARGET, "data.directory", data.toString())
                    .set(
                            Role.MASTER_TARGET,
                            "replica.disk",
                            replicaDisk.path().resolve("replica.img").toString())
                    .set(Role.MASTER_TARGET, "journal.segment.length", Long.toString(SEGMENT_LENGTH))
                    .set(Role.MASTER_TARGET, "journal.limit", "1g");
            lab.protect("disk", disk.path());

            journalDisk.fill(0);
            lab.startAll();
            awaitSaid(lab, "rejected=STORAGE", "No space left on device");
            final long pid = lab.process(Role.MASTER_TARGET).rolePid();
            journalDisk.fill(JOURNAL_ROOM);
            lab.awaitOrdered(LIMIT);
            lab.assertEqualWhenCaughtUp("a full disk before the first hello", LIMIT);

            replicaDisk.fill(0);
            try (Fio load = Fio.startMixed(lab, Duration.ofSeconds(120), "6m", 1, disk.path())) {
                awaitHeld(lab, ReplicationCounter.REPLICA_HELD);
                awaitSaid(lab, "replica=held", "No space left on device");
                awaitHeld(lab, ReplicationCounter.JOURNAL_HELD);
                awaitSaid(lab, "event=not-made", "bytes are free");
                awaitBackPressure(lab);
                final Shell.Result stat = Shell.run(
                        LIMIT,
                        Map.of(),
                        List.of(
                                FarshoreLab.launcher().toString(),
                                "stat",
                                "--dir",
                                lab.aeronDirectory(Role.MASTER_TARGET).toString()));
                assertThat(stat.output()).contains("held by a disk");
                assertThat(load.running()).as("the source goes on").isTrue();
            }
            replicaDisk.clear();
            journalDisk.clear();
            lab.assertEqualWhenCaughtUp("full disks of journal and replica", LIMIT);
            awaitSaid(lab, "replica=goes-on", "");
            assertThat(lab.process(Role.MASTER_TARGET).rolePid()).isEqualTo(pid);
            assertThat(said(lab, "replica=held")).as("alarms of the replica").isOne();
            assertThat(lab.now(Role.MASTER_TARGET, ReplicationCounter.REPLICA_HELD))
                    .isZero();
        }
    }

    private static long said(final FarshoreLab lab, final String what) {
        return lab.process(Role.MASTER_TARGET)
                .log()
                .lines()
                .filter(line -> line.contains(what))
                .count();
    }

    /** One line of the master target holds both. */
    private static void awaitSaid(final FarshoreLab lab, final String what, final String why) {
        Await.until(
                "the master target says " + what,
                LIMIT,
                () -> lab.process(Role.MASTER_TARGET)
                        .log()
                        .lines()
                        .anyMatch(line -> line.contains(what) && line.contains(why)),
                lab::state);
        lab.process(Role.MASTER_TARGET)
                .log()
                .lines()
                .filter(line -> line.contains(what))
                .findFirst()
                .ifPresent(System.out::println);
    }

    private static void awaitHeld(final FarshoreLab lab, final ReplicationCounter counter) {
        Await.until(
                counter.label() + " is 1",
                LIMIT,
                () -> lab.process(Role.MASTER_TARGET).alive() && lab.now(Role.MASTER_TARGET, counter) == 1,
                lab::state);
    }

    /** What is captured stays in the ring: half a second brings no acknowledgement though the device is written. */
    private static void awaitBackPressure(final FarshoreLab lab) {
        final long[] seen = {-1, 0, System.nanoTime()};
        Await.until(
                "the agent is held back",
                LIMIT,
                () -> {
                    final long released = lab.now(Role.AGENT, ReplicationCounter.CAPTURE_RELEASED_POSITION);
                    final long produced = lab.now(Role.AGENT, ReplicationCounter.CAPTURE_PRODUCER_POSITION);
                    if (released != seen[0]) {
                        seen[0] = released;
                        seen[1] = produced;
                        seen[2] = System.nanoTime();
                    }
                    return produced - seen[1] > 1 << 20 && System.nanoTime() - seen[2] > 500_000_000L;
                },
                lab::state);
    }
}
