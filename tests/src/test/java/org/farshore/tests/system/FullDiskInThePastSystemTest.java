package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.Mount;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Python;
import org.farshore.tests.lab.RecoveryCli;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.farshore.tests.lab.SmallFilesystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A master target with a window runs out of room: first where views keep what is written to them, then where its journal
 * lies. It says so once, hurts nothing that was there, and goes on in the same process when there is room.
 */
@PrivilegedSystemTest
class FullDiskInThePastSystemTest {
    private static final String NAME = "FullDiskInThePastSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long LENGTH = 64 << 20;
    private static final long SEGMENT_LENGTH = 4 << 20;
    private static final long JOURNAL_ROOM = 48 << 20;

    private FarshoreLab lab;
    private RecoveryCli cli;
    private LoopDevice disk;

    @BeforeEach
    void makeALab() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "fio", "mkfs.ext4", "fallocate", "nbdcopy", "qemu-io", "cmp");
        Python.requireLibnbd(NAME);
        lab = FarshoreLab.create("full-past").withBpfFilesystem().set(Role.MASTER_TARGET, "retention.window", "1h");
        lab.set(Role.AGENT, "barrier.interval", "100ms");
        cli = new RecoveryCli(lab);
        disk = lab.memoryLoop("disk", LENGTH);
        Shell.must("dd", "if=/dev/urandom", "of=" + disk.path(), "bs=1M", "count=60", "oflag=direct", "status=none");
    }

    @AfterEach
    void takeDown() {
        if (lab != null) {
            lab.close();
        }
    }

    /** The state of the disk, which nobody writes now, as a point and as a file. */
    private long pointOfNow(final Path copy) {
        Shell.must("dd", "if=" + disk.path(), "of=" + copy, "bs=1M", "iflag=direct", "status=none");
        return cli.pointOfNow();
    }

    private static String uri(final JsonObject view) {
        return view.get("uri").getAsString();
    }

    private long said(final String what) {
        return lab.process(Role.MASTER_TARGET)
                .log()
                .lines()
                .filter(line -> line.contains(what))
                .peek(System.out::println)
                .count();
    }

    private String stat() {
        return Shell.run(
                        LIMIT,
                        Map.of(),
                        List.of(
                                FarshoreLab.launcher().toString(),
                                "stat",
                                "--dir",
                                lab.aeronDirectory(Role.MASTER_TARGET).toString()))
                .output();
    }

    /** A filesystem of its own where the views of the only machine will lie. */
    private SmallFilesystem viewDisk() {
        final SmallFilesystem small = SmallFilesystem.create(lab, "viewdisk", 64 << 20);
        final Path data = lab.directory().resolve("master-target");
        try (Stream<Path> machines = Files.list(data)) {
            final Path machine = machines.filter(
                            path -> path.getFileName().toString().length() == 32)
                    .filter(Files::isDirectory)
                    .findFirst()
                    .orElseThrow();
            final Path views = machine.resolve("views");
            lab.onClose(Mount.bind(small.path(), views));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return small;
    }

    @Test
    void fullOverlayTellsItsWriterAndHurtsNothing() {
        lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
        final SmallFilesystem small = viewDisk();
        final Path then = lab.directory().resolve("then.img");
        final JsonObject view = cli.must("view", "open", "--point", "sequence=" + pointOfNow(then))
                .row();
        Shell.must("qemu-io", "-f", "raw", uri(view), "-c", "write -P 0x5a 1M 8M", "-c", "flush");

        small.fill(2 << 20);
        writeUntilFull(view);
        assertThat(lab.now(Role.MASTER_TARGET, ReplicationCounter.VIEWS_FULL)).isOne();
        writeUntilFull(view);
        assertThat(said("disk=full")).as("alarms").isOne();
        assertThat(stat()).contains("no room for what is written to 1 view");
        assertReadable(view, then);

        final long before = cli.newestPoint();
        Shell.must("dd", "if=/dev/urandom", "of=" + disk.path(), "bs=1M", "count=4", "oflag=direct", "status=none");
        assertThat(pointOfNow(lab.directory().resolve("later.img")))
                .as("replication goes on")
                .isGreaterThan(before);

        lab.kill(Role.MASTER_TARGET);
        cli.startTarget();
        assertReadable(view, then);
        writeUntilFull(view);
        small.clear();
        Shell.must("qemu-io", "-f", "raw", uri(view), "-c", "write -P 0x66 30M 6M", "-c", "flush");
        assertThat(Shell.must("qemu-io", "-f", "raw", uri(view), "-c", "read -P 0x66 30M 6M"))
                .doesNotContain("failed");
        assertThat(lab.now(Role.MASTER_TARGET, ReplicationCounter.VIEWS_FULL)).isZero();
        assertReadable(view, then);
    }

    /** Writes of 64 KiB from 10 MiB on, until one is refused: with ENOSPC, and with nothing else. */
    private void writeUntilFull(final JsonObject view) {
        final String refused = Python.run(
                Map.of("URI", uri(view)),
                "import nbd, os",
                "h = nbd.NBD()",
                "h.connect_uri(os.environ['URI'])",
                "try:",
                "    for at in range(10 << 20, 26 << 20, 65536):",
                "        h.pwrite(os.urandom(65536), at)",
                "        h.flush()",
                "    print('room for all')",
                "except nbd.Error as e:",
                "    print(e.errno)",
                "assert h.pread(4096, 1 << 20) == b'\\x5a' * 4096",
                "h.shutdown()");
        assertThat(refused).isEqualTo("ENOSPC");
    }

    /** What was flushed before, and what nobody wrote to. */
    private void assertReadable(final JsonObject view, final Path then) {
        assertThat(Shell.must("qemu-io", "-f", "raw", uri(view), "-c", "read -P 0x5a 1M 8M"))
                .doesNotContain("failed");
        final Path copy = lab.directory().resolve("copy.img");
        Shell.must("nbdcopy", uri(view), copy.toString());
        Shell.must("cmp", "-n", "1M", then.toString(), copy.toString());
        Shell.must("cmp", "-i", "40M", then.toString(), copy.toString());
        Shell.must("rm", copy.toString());
    }

    @Test
    void fullJournalWithAWindowHoldsTheSenderAndGoesOn() {
        final SmallFilesystem small = SmallFilesystem.create(lab, "journaldisk", 256 << 20);
        final Path data = small.path().resolve("data");
        Shell.must("mkdir", data.toString());
        lab.set(Role.AGENT, "ring.length", "64m")
                .set(Role.MASTER_TARGET, "data.directory", data.toString())
                .set(
                        Role.MASTER_TARGET,
                        "replica.disk",
                        lab.directory().resolve("replica.img").toString())
                .set(Role.MASTER_TARGET, "journal.segment.length", Long.toString(SEGMENT_LENGTH))
                .set(Role.MASTER_TARGET, "journal.limit", "1g");
        cli = new RecoveryCli(lab, data);
        lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
        final Path then = lab.directory().resolve("then.img");
        final long sequence = pointOfNow(then);
        final long pid = lab.process(Role.MASTER_TARGET).rolePid();

        small.fill(JOURNAL_ROOM);
        try (Fio load = Fio.startMixed(lab, Duration.ofSeconds(300), "20m", 1, disk.path())) {
            Await.until(
                    "the journal is held",
                    LIMIT,
                    () -> lab.now(Role.MASTER_TARGET, ReplicationCounter.JOURNAL_HELD) == 1,
                    lab::state);
            assertThat(said("event=not-made")).as("alarms").isPositive();
            assertThat(stat()).contains("held by a disk");
            assertShows(sequence, then);
            assertThat(load.running()).as("the source goes on").isTrue();
        }
        small.clear();
        Await.until(
                "the journal goes on",
                LIMIT,
                () -> lab.now(Role.MASTER_TARGET, ReplicationCounter.JOURNAL_HELD) == 0 && lab.ordered(),
                lab::state);
        assertThat(lab.process(Role.MASTER_TARGET).rolePid()).isEqualTo(pid);
        assertShows(sequence, then);
        Shell.must("sync");
        final Path now = lab.directory().resolve("now.img");
        assertShows(pointOfNow(now), now);
        cli.must("retention", "set", "--window", "1s");
        lab.assertEqualWhenCaughtUp("a full journal with a window", LIMIT);
    }

    private void assertShows(final long sequence, final Path expected) {
        final JsonObject view =
                cli.must("view", "open", "--point", "sequence=" + sequence).row();
        final Path copy = lab.directory().resolve("copy.img");
        Shell.must("nbdcopy", uri(view), copy.toString());
        Shell.must("cmp", expected.toString(), copy.toString());
        cli.must("view", "close", view.get("view").getAsString());
        Shell.must("rm", copy.toString());
    }
}
