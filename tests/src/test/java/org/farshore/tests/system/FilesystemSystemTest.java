package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.farshore.tests.lab.ZramDevice;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * What people do to disks, one thing after the other on one machine with all its volumes protected at once: a disk on a
 * file system, a disk in memory (whose driver refuses write-zeroes), a partition of a third, and a disk that completes
 * whole bios. After each step every replica holds the bytes of its device.
 */
@PrivilegedSystemTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FilesystemSystemTest {
    private static final String NAME = "FilesystemSystemTest";
    /** How many times the sizes and the copied tree of the short form. */
    private static final int SCALE = Integer.getInteger("farshore.test.scale", 1);

    private static final long MIB = 1 << 20;
    private static final Duration LIMIT = Duration.ofSeconds(60).multipliedBy(SCALE);

    private FarshoreLab lab;
    private LoopDevice disk;
    private LoopDevice memory;
    private Path partition;
    private ZramDevice zram;

    @BeforeAll
    void protectFourVolumes() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "mkfs.ext4", "sfdisk", "fio", "blkdiscard", "fstrim", "resize2fs");
        lab = FarshoreLab.create("fs").withBpfFilesystem().set(Role.AGENT, "ring.length", "256m");
        disk = lab.loop("disk", 384 * MIB * SCALE);
        memory = lab.memoryLoop("memory", 96 * MIB * SCALE);
        final LoopDevice parted = lab.memoryLoop("parted", 64 * MIB);
        Shell.script("printf 'label: gpt\\nsize=24MiB\\nsize=32MiB\\n' | sfdisk -q " + parted.path() + "; partx -a "
                + parted.path() + " 2>/dev/null || true");
        partition = parted.partition(2);
        lab.protect("disk", disk.path()).protect("memory", memory.path()).protect("part", partition);
        if (ZramDevice.available()) {
            zram = lab.zram(64 * MIB);
            lab.protect("zram", zram.path());
        }
        lab.startAll().awaitOrdered(LIMIT);
    }

    @AfterAll
    void takeDown() {
        if (lab != null) {
            lab.close();
        }
    }

    private void equalAfter(final String step) {
        lab.assertEqualWhenCaughtUp(step, LIMIT);
    }

    @Test
    @Order(1)
    void mkfsExt4AndCopyOfATree() {
        Shell.must("mkfs.ext4", "-q", "-F", disk.path().toString());
        lab.mounted(disk.path(), FilesystemSystemTest::copyTree);
        equalAfter("mkfs.ext4 and cp -a");
    }

    private static void copyTree(final Path to) {
        // Some 100 MB of many small files that every Debian has; what is missing or special is left out.
        Shell.script("for i in $(seq " + SCALE + "); do mkdir " + to + "/$i; cp -a /usr/share/perl* /usr/share/zoneinfo"
                + " /usr/include /usr/lib/python3 " + to + "/$i 2>/dev/null || true; done; test $(find " + to
                + " -type f | wc -l) -gt 500");
    }

    @Test
    @Order(2)
    void fstrimAfterRemovingFiles() {
        lab.mounted(
                disk.path(),
                point -> Shell.script("cd " + point + " && rm -rf */perl* */include && sync && fstrim " + point));
        equalAfter("rm and fstrim");
    }

    @Test
    @Order(3)
    void growingTheDeviceAndResize2fs() {
        final long length = (384 * SCALE + 64) * MIB;
        disk.grow(length);
        Await.until(
                "the agent has followed the growth",
                LIMIT,
                () -> lab.counters(Role.AGENT).of(ReplicationCounter.VOLUME_SIZE, "disk", 0) == length,
                lab::state);
        // Not mounted: resizing online wants a capability that root has not everywhere.
        Shell.script("e2fsck -fp " + disk.path() + " >/dev/null; resize2fs " + disk.path());
        lab.mounted(disk.path(), point -> Shell.script("cp -a /usr/share/perl* " + point));
        equalAfter("losetup -c and resize2fs");
        assertThat(lab.replica("disk").toFile().length()).isEqualTo(length);
    }

    @Test
    @Order(4)
    void writesThroughMmap() {
        lab.mounted(
                disk.path(),
                point -> fio(
                        point.resolve("mapped").toString(),
                        "--ioengine=mmap",
                        "--rw=randwrite",
                        "--bs=4k",
                        "--size=48m",
                        "--fsync=64"));
        equalAfter("mmap writes");
    }

    @Test
    @Order(5)
    void mkfsXfs() {
        Features.requireFilesystem(NAME + ".mkfsXfs", "xfs");
        Shell.must("mkfs.xfs", "-q", "-f", disk.path().toString());
        lab.mounted(disk.path(), FilesystemSystemTest::copyTree);
        equalAfter("mkfs.xfs and cp -a");
    }

    @Test
    @Order(6)
    void btrfs() {
        Features.requireFilesystem(NAME + ".btrfs", "btrfs");
        Shell.must("mkfs.btrfs", "-q", "-f", disk.path().toString());
        lab.mounted(disk.path(), point -> {
            copyTree(point);
            Shell.script("cd " + point + " && rm -rf */include && sync");
        });
        equalAfter("mkfs.btrfs, cp -a and rm");
    }

    @Test
    @Order(7)
    void blkdiscardWithZeroesAndPlain() {
        fio(memory.path().toString(), "--direct=1", "--rw=write", "--bs=64k", "--size=64m");
        Shell.must(
                "blkdiscard",
                "-z",
                "-o",
                "" + 8 * MIB,
                "-l",
                "" + 16 * MIB,
                memory.path().toString());
        Shell.must(
                "blkdiscard",
                "-o",
                "" + 40 * MIB,
                "-l",
                "" + 8 * MIB,
                memory.path().toString());
        Shell.must(
                "blkdiscard",
                "-z",
                "-o",
                "" + 100 * MIB,
                "-l",
                "" + 32 * MIB,
                disk.path().toString());
        Shell.must(
                "blkdiscard",
                "-f",
                "-o",
                "" + 200 * MIB,
                "-l",
                "" + 32 * MIB,
                disk.path().toString());
        equalAfter("blkdiscard -z and blkdiscard");
    }

    @Test
    @Order(8)
    void directWritesOf512Bytes() {
        fio(memory.path().toString(), "--direct=1", "--rw=randwrite", "--bs=512", "--size=96m", "--io_size=4m");
        equalAfter("512-byte direct writes");
    }

    @Test
    @Order(9)
    void biosOfOneMebibyteAndMore() {
        fio(memory.path().toString(), "--direct=1", "--rw=randwrite", "--bs=1m,1m,1m", "--size=96m", "--io_size=48m");
        fio(disk.path().toString(), "--direct=1", "--rw=write", "--bs=8m", "--size=128m");
        equalAfter("1 MiB and 8 MiB writes");
    }

    @Test
    @Order(10)
    void writesThatOverlapInFlight() {
        fio(
                memory.path().toString(),
                "--direct=1",
                "--ioengine=libaio",
                "--iodepth=16",
                "--rw=randwrite",
                "--norandommap",
                "--bs=4k",
                "--size=256k",
                "--io_size=16m");
        equalAfter("overlapping writes in flight");
    }

    @Test
    @Order(11)
    void partition() {
        Shell.must("mkfs.ext4", "-q", "-F", partition.toString());
        lab.mounted(partition, point -> Shell.script("cp -a /usr/share/zoneinfo " + point + " && sync"));
        equalAfter("a file system on a partition");
    }

    @Test
    @Order(12)
    void twoVolumesAtOnce() {
        Shell.must("mkfs.ext4", "-q", "-F", disk.path().toString());
        Shell.must("mkfs.ext4", "-q", "-F", memory.path().toString());
        lab.mounted(
                disk.path(),
                one -> lab.mounted(
                        memory.path(),
                        other -> Shell.script("cp -a /usr/share/perl* " + one + " & cp -a /usr/share/zoneinfo " + other
                                + " & wait; sync")));
        equalAfter("two volumes at once");
    }

    @Test
    @Order(13)
    void deviceThatCompletesWholeBios() {
        if (zram == null) {
            Features.skip(NAME + ".zram", "this kernel has no zram");
        }
        Shell.must("mkfs.ext4", "-q", "-F", zram.path().toString());
        lab.mounted(
                zram.path(),
                point -> Shell.script("cp -a /usr/share/zoneinfo " + point + " && sync && rm -rf " + point
                        + "/zoneinfo/right && fstrim " + point));
        equalAfter("a file system on zram");
    }

    @Test
    @Order(14)
    void nothingWasMalformed() {
        System.out.println("over all steps: capturedBytes=" + lab.total(Role.AGENT, ReplicationCounter.CAPTURED_BYTES)
                + " resyncBytes=" + lab.total(Role.AGENT, ReplicationCounter.RESYNC_BYTES)
                + " repairBytes=" + lab.total(Role.AGENT, ReplicationCounter.REPAIR_BYTES)
                + " droppedRecords=" + lab.now(Role.AGENT, ReplicationCounter.CAPTURE_DROPPED)
                + " missedRuns=" + lab.now(Role.AGENT, ReplicationCounter.CAPTURE_MISSED_RUNS)
                + " failedWrites=" + lab.total(Role.AGENT, ReplicationCounter.CAPTURE_FAILED_WRITES)
                + " malformed=" + lab.total(Role.MASTER_TARGET, ReplicationCounter.MALFORMED));
        assertThat(lab.total(Role.MASTER_TARGET, ReplicationCounter.MALFORMED)).isZero();
        assertThat(lab.total(Role.PROCESS_SERVER, ReplicationCounter.MALFORMED)).isZero();
    }

    private static void fio(final String file, final String... arguments) {
        final String[] command = new String[arguments.length + 4];
        command[0] = "fio";
        command[1] = "--name=job";
        command[2] = "--filename=" + file;
        command[3] = "--randrepeat=0";
        System.arraycopy(arguments, 0, command, 4, arguments.length);
        Shell.must(command);
    }
}
