package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.JournalFiles;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.farshore.tests.lab.SmallFilesystem;
import org.farshore.tests.lab.SyscallFault;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * What may happen to the disk under the journal of a real master target, one thing after the other on one machine that is
 * written all the time. After each: nothing that the agent was told to be durable is missing, and the replica holds the
 * bytes of the device.
 */
@PrivilegedSystemTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class JournalDiskFaultSystemTest {
    private static final String NAME = "JournalDiskFaultSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration LOAD = Duration.ofSeconds(120);
    private static final String RATE = "6m";
    private static final long LENGTH = 64 << 20;
    private static final long SEGMENT_LENGTH = 16 << 20;
    private static final int SEGMENTS = 8;
    /** Durable and not applied: room for damage with durable frames behind it. */
    private static final long UNAPPLIED = 4 << 20;
    /** So near to the end of the journal it is seldom read yet. */
    private static final long NEWEST = 256 << 10;

    private static final int STRIKES_MAX = 20;

    private static final long SEED = Long.getLong("farshore.test.seed", System.nanoTime());

    private final SplittableRandom random = new SplittableRandom(SEED);
    private FarshoreLab lab;
    private LoopDevice disk;
    private SmallFilesystem targetDisk;
    private Path data;
    private JournalFiles journal;

    @BeforeAll
    void protectADisk() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "fio", "strace", "mkfs.ext4", "filefrag");
        System.out.println("disk faults: -Dfarshore.test.seed=" + SEED);
        lab = FarshoreLab.create("diskfaults").withBpfFilesystem();
        targetDisk = SmallFilesystem.create(lab, "targetdisk", 512 << 20);
        data = targetDisk.path().resolve("data");
        journal = new JournalFiles(data, SEGMENT_LENGTH);
        disk = lab.memoryLoop("disk", LENGTH);
        lab.set(Role.AGENT, "ring.length", "256m").set(Role.AGENT, "barrier.interval", "100ms");
        lab.set(Role.MASTER_TARGET, "data.directory", data.toString())
                .set(Role.MASTER_TARGET, "journal.segment.length", Long.toString(SEGMENT_LENGTH))
                .set(Role.MASTER_TARGET, "journal.limit", Long.toString(SEGMENTS * SEGMENT_LENGTH));
        lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
    }

    @AfterAll
    void takeDown() {
        if (lab != null) {
            lab.close();
        }
    }

    @Test
    @Order(1)
    void syncThatFailsEndsTheRoleAndIsNeverAskedForAgain() {
        endsWith74("fdatasync", "error=EIO:when=8+");
    }

    @Test
    @Order(2)
    void writeThatFailsEndsTheRoleAndIsNeverTriedAgain() {
        endsWith74("pwrite64", "error=EIO:when=8+");
    }

    private void endsWith74(final String syscall, final String injection) {
        final Path trace = lab.directory().resolve(syscall + ".trace");
        restartTarget(SyscallFault.on(trace, syscall, injection, journal.segments(SEGMENTS)));
        try (Fio load = load()) {
            assertThat(lab.process(Role.MASTER_TARGET).awaitExit(LIMIT)).isEqualTo(ExitCode.STORAGE.code());
            final String log = lab.process(Role.MASTER_TARGET).log();
            final List<String> complaints = log.lines()
                    .filter(line -> line.contains("Input/output error"))
                    .toList();
            assertThat(complaints).as(log).hasSize(1);
            assertThat(complaints.get(0))
                    .contains("state=failed exit=74", data.toString(), "segment-", "see to the disk");
            assertThat(log.lines()).as("no stack trace").allMatch(line -> line.contains(" level="));
            assertThat(Shell.attemptScript("grep -c INJECTED " + trace).output().strip())
                    .as("tries")
                    .isEqualTo("1");
            System.out.println(syscall + " fails: " + complaints.get(0));
            restartAndFindEverythingAcknowledged(syscall + " failed");
            assertThat(load.running()).isTrue();
        }
        equalAfter(syscall + " failed");
    }

    @Test
    @Order(3)
    void slowDiskWithATornTailLosesNothingAcknowledged() {
        final Path trace = lab.directory().resolve("slow.trace");
        restartTarget(SyscallFault.on(trace, "fdatasync", "delay_enter=200000", journal.segments(SEGMENTS)));
        try (Fio load = load()) {
            final long durable = targetCounter(ReplicationCounter.JOURNAL_DURABLE_POSITION);
            Await.until(
                    "10 MB are durable on a disk that takes 200 ms for each sync, and a group is being synced",
                    LIMIT,
                    () -> targetCounter(ReplicationCounter.JOURNAL_DURABLE_POSITION) > durable + 10_000_000
                            && targetCounter(ReplicationCounter.JOURNAL_APPENDED_POSITION)
                                    > targetCounter(ReplicationCounter.JOURNAL_DURABLE_POSITION),
                    lab::state);
            assertThat(lab.process(Role.MASTER_TARGET).alive()).isTrue();
            lab.kill(Role.MASTER_TARGET);
            final JournalFiles.Place tail = journal.place(targetCounter(ReplicationCounter.JOURNAL_DURABLE_POSITION));
            final boolean wasThere = journal.holdsFrame(tail);
            final int sectors = journal.tear(tail, 2 << 20, random);
            System.out.println("torn: " + sectors + " sectors behind the durable position, where a group "
                    + (wasThere ? "had been written" : "had not been written yet"));
            restartAndFindEverythingAcknowledged("a torn tail");
            assertThat(load.running()).isTrue();
        }
        equalAfter("a slow disk and a torn tail");
    }

    @Test
    @Order(4)
    void rotBetweenTwoLivesIsNamedAndComparedAway() {
        restartTarget();
        try (Fio load = load()) {
            awaitUnapplied();
            lab.kill(Role.MASTER_TARGET);
            final JournalFiles.Place place =
                    journal.frameNear(targetCounter(ReplicationCounter.JOURNAL_APPLIED_POSITION) + UNAPPLIED / 2);
            JournalFiles.flip(place.file(), place.offset() + 200);
            final Shell.Result verified = Shell.run(
                    LIMIT, Map.of(), List.of(FarshoreLab.launcher().toString(), "journal", "verify", data.toString()));
            assertThat(verified.exitCode()).as(verified.output()).isEqualTo(ExitCode.NO.code());
            final long compared = lab.now(Role.AGENT, ReplicationCounter.COMPARED_BYTES);
            restartAndFindEverythingAcknowledged("rot at " + place);
            awaitCompared(compared);
            assertThat(lab.process(Role.MASTER_TARGET).log()).contains("journal=damaged");
            assertThat(load.running()).isTrue();
        }
        equalAfter("rot between two lives");
    }

    @Test
    @Order(5)
    void rotUnderALivingRoleIsNamedAndComparedAway() {
        restartTarget();
        try (Fio load = load()) {
            final long compared = lab.now(Role.AGENT, ReplicationCounter.COMPARED_BYTES);
            int strikes = 0;
            while (!isDamageNamed()) {
                assertThat(++strikes).as("strikes that came too late").isLessThan(STRIKES_MAX);
                strikeWhatIsStillToBeApplied();
            }
            awaitCompared(compared);
            lab.process(Role.MASTER_TARGET)
                    .log()
                    .lines()
                    .filter(line -> line.contains("journal=damaged"))
                    .forEach(System.out::println);
            assertThat(load.running()).isTrue();
        }
        equalAfter("rot under a living role");
    }

    /** What the role has read already does it no harm: then it goes on past this place. */
    private void strikeWhatIsStillToBeApplied() {
        awaitUnapplied();
        final String pid = Long.toString(lab.process(Role.MASTER_TARGET).rolePid());
        Shell.must("kill", "-STOP", pid);
        final long position = targetCounter(ReplicationCounter.JOURNAL_DURABLE_POSITION) - NEWEST;
        final JournalFiles.Place place = journal.frameNear(position);
        rotOnTheMedium(place.file(), place.offset() + 200);
        Shell.must("kill", "-CONT", pid);
        Await.until(
                "the rot is met, or was read before",
                LIMIT,
                () -> isDamageNamed()
                        || targetCounter(ReplicationCounter.JOURNAL_APPLIED_POSITION) > position + 2 * NEWEST,
                lab::state);
    }

    private boolean isDamageNamed() {
        return lab.process(Role.MASTER_TARGET).log().contains("journal=damaged");
    }

    /** Changes a byte below the file system and makes the kernel forget what it had read. */
    private void rotOnTheMedium(final Path file, final long offset) {
        final long block = Long.parseLong(Shell.script("filefrag -b4096 -v " + file
                + " | awk -F'[ .:]+' -v want=" + offset / 4096
                + " '$2 ~ /^[0-9]+$/ && $3 <= want && want <= $4 { print $5 + want - $3 }'"));
        final byte before = JournalFiles.read(file, offset, 1).get(0);
        JournalFiles.flip(targetDisk.device().backing(), block * 4096 + offset % 4096);
        Shell.must("dd", "if=" + file, "iflag=nocache", "count=0", "status=none");
        assertThat(JournalFiles.read(file, offset, 1).get(0))
                .as("the flipped byte is read through the file system")
                .isNotEqualTo(before);
    }

    // ---- steps

    private Fio load() {
        return Fio.startMixed(lab, LOAD, RATE, random.nextInt(), disk.path());
    }

    /** The master target anew, as it runs always or with words before it. */
    private void restartTarget(final String... prefix) {
        if (lab.process(Role.MASTER_TARGET).alive()) {
            lab.kill(Role.MASTER_TARGET);
        }
        final long incarnation = lab.now(Role.AGENT, ReplicationCounter.SESSION_INCARNATION);
        lab.prefix(Role.MASTER_TARGET, prefix).start(Role.MASTER_TARGET);
        lab.awaitWelcome(incarnation, LIMIT);
    }

    /** Starts the role on its disk, which is good again, and looks where it stands. */
    private void restartAndFindEverythingAcknowledged(final String what) {
        final long acknowledged = lab.now(Role.AGENT, ReplicationCounter.DURABLE_SEQUENCE);
        final long incarnation = lab.now(Role.AGENT, ReplicationCounter.SESSION_INCARNATION);
        lab.prefix(Role.MASTER_TARGET).start(Role.MASTER_TARGET);
        final long next = lab.awaitWelcome(incarnation, LIMIT);
        System.out.printf(
                Locale.ROOT,
                "after %s: acknowledged up to %d, the master target has all up to %d%n",
                what,
                acknowledged,
                next - 1);
        assertThat(next).as("next after " + what).isGreaterThan(acknowledged);
    }

    private long targetCounter(final ReplicationCounter counter) {
        return lab.now(Role.MASTER_TARGET, counter);
    }

    private void awaitUnapplied() {
        Await.until(
                "more than " + UNAPPLIED + " bytes are durable and not applied",
                LIMIT,
                () -> targetCounter(ReplicationCounter.JOURNAL_DURABLE_POSITION)
                                - targetCounter(ReplicationCounter.JOURNAL_APPLIED_POSITION)
                        > UNAPPLIED,
                lab::state);
    }

    private void awaitCompared(final long before) {
        Await.until(
                "the whole disk is compared",
                LIMIT,
                () -> lab.now(Role.AGENT, ReplicationCounter.COMPARED_BYTES) >= before + LENGTH,
                lab::state);
    }

    private void equalAfter(final String what) {
        Shell.must("sync", disk.path().toString());
        lab.awaitCaughtUp(LIMIT);
        lab.assertEqual(what);
    }
}
