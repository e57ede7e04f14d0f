package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.farshore.dataplane.runtime.FarshoreException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole of capture on real devices: what the kernel records, applied by the rules, makes an equal copy. */
@Tag("privileged")
class BpfCaptureSourceTest {
    private static final int RING = 128 << 20;
    private static final int SMALL_RING = 1 << 20;
    private static final long MIB = 1L << 20;
    private static final long SIZE = 512 * MIB;

    @BeforeAll
    static void needsRoot() {
        assumeTrue(LinuxCalls.geteuid() == 0, "needs root to make loop devices and mount bpffs");
        assumeTrue(Shell.has("fio") && Shell.has("losetup"), "needs fio and losetup");
    }

    private static String fio(final String device, final String options) {
        return "fio --name=w --filename=" + device + " --direct=1 --ioengine=libaio --minimal " + options;
    }

    private static String mixed(final String device, final int megabytes) {
        return fio(
                device,
                "--rw=randwrite --bssplit=512/20:4k/40:8k/10:24k/10:64k/10:1m/8:4m/2 --iodepth=8 --size=100% "
                        + "--norandommap --runtime=60 --rate=100m --io_size=" + megabytes + "m");
    }

    /** Nothing was lost, and each completion met its submission. The other way about: {@link CompletionRoundsTest}. */
    private static void assertOrdered(final CaptureRig rig) {
        final String all = rig.shadow() + rig.counters();
        assertThat(rig.shadow().gaps()).as(all).isZero();
        assertThat(rig.shadow().unmatchedSectors()).as(all).isZero();
    }

    @Test
    void copiesDirectWritesOfEverySize() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String device = rig.loop("a", SIZE);
            rig.protect(device);
            rig.start();
            assertThat(rig.source().resumed()).isFalse();
            rig.during(mixed(device, 200));
            rig.assertEqual();
            assertOrdered(rig);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mkfs.ext4 -q", "mkfs.xfs -q", "mkfs.btrfs -q"})
    void copiesALivingFileSystem(final String mkfs) throws IOException {
        assumeTrue(Shell.has(mkfs.split(" ", 2)[0]), "needs " + mkfs);
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String device = rig.loop("a", SIZE);
            final String mount = rig.folder().resolve("mnt").toString();
            rig.protect(device);
            rig.start();
            rig.onClose(() -> Shell.run("mountpoint -q " + mount + " && umount " + mount + " || true"));
            rig.during(mkfs + " " + device + " && mkdir " + mount + " && mount " + device + " " + mount
                    + " && cp -a /usr/lib/x86_64-linux-gnu/perl-base " + mount + " && sync"
                    + " && fio --name=m --directory=" + mount + " --ioengine=mmap --rw=randwrite --bs=4k --size=32m "
                    + "--runtime=3 --time_based --minimal > /dev/null && rm -r " + mount
                    + "/perl-base && sync && fstrim "
                    + mount + " && umount " + mount);
            rig.assertEqual();
            final String all = rig.shadow() + rig.counters();
            assertThat(rig.shadow().unmatchedSectors()).as(all).isZero();
            assertThat(rig.shadow().records()).isPositive();
        }
    }

    @Test
    void copiesDiscardsAndZeroesAndIgnoresThoseThatFail() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String device = rig.loop("a", 64 * MIB);
            rig.protect(device);
            rig.start();
            rig.during("dd if=/dev/urandom of=" + device
                    + " bs=1M count=64 oflag=direct status=none && blkdiscard -o 1M -l 2M " + device
                    + " && blkdiscard -z -o 8M -l 4M " + device + " && blkdiscard -o 16384 -l 8192 " + device);
            rig.assertEqual();
            final CaptureState state = rig.source().maps().state();
            // On tmpfs a loop device refuses write-zeroes; the kernel then writes zeros, and nothing must have been
            // zeroed early.
            assertThat(state.counter(CaptureState.ZEROED_RANGES) + state.counter(CaptureState.SKIPPED_ZEROING))
                    .isPositive();
            assertOrdered(rig);
        }
    }

    @Test
    void copiesAPartitionAndNothingElseOfItsDisk() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String disk = rig.loop("a", 200 * MIB);
            // The partition begins and ends within blocks of 4 KiB.
            Shell.run("printf 'start=2049, size=131071\\nstart=135168, size=131072\\n' | sfdisk -q --no-reread " + disk
                    + " && partx -u " + disk);
            rig.onClose(() -> Shell.run("partx -d " + disk + " || true"));
            rig.protect(disk + "p1");
            rig.protect(disk + "p2");
            rig.start();
            rig.during("("
                    + fio(
                            disk + "p1",
                            "--rw=randwrite --bsrange=512-256k --blockalign=512 --size=100% --io_size=60m --norandommap")
                    + "; " + mixed(disk + "p2", 60) + ") && dd if=/dev/urandom of=" + disk
                    + " bs=512 count=2048 oflag=direct conv=notrunc status=none");
            rig.assertEqual();
            assertOrdered(rig);
        }
    }

    @Test
    void losesNothingOfAWriteOverTheEdgeOfAPartition() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String disk = rig.loop("a", 200 * MIB);
            Shell.run("printf 'start=2048, size=131072\\n' | sfdisk -q --no-reread " + disk + " && partx -u " + disk);
            rig.onClose(() -> Shell.run("partx -d " + disk + " || true"));
            rig.protect(disk + "p1");
            rig.start();
            rig.during("dd if=/dev/urandom of=" + disk + " bs=1M seek=0 count=4 oflag=direct conv=notrunc status=none"
                    + " && dd if=/dev/urandom of=" + disk
                    + " bs=768K seek=85 count=2 oflag=direct conv=notrunc status=none");
            rig.assertEqual();
            assertThat(rig.source().maps().state().getLong(CaptureState.CROSSING_OFFSET))
                    .as(rig.counters())
                    .isPositive();
        }
    }

    @Test
    void copiesADeviceWithoutRequests() throws IOException {
        assumeTrue(java.nio.file.Files.exists(java.nio.file.Path.of("/sys/class/zram-control/hot_add")), "needs zram");
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String number = Shell.run("cat /sys/class/zram-control/hot_add");
            final String device = "/dev/zram" + number;
            rig.onClose(() -> Shell.run("echo 1 > /sys/block/zram" + number + "/reset && echo " + number
                    + " > /sys/class/zram-control/hot_remove"));
            Shell.run("echo 256M > /sys/block/zram" + number + "/disksize");
            final String mount = rig.folder().resolve("mnt").toString();
            rig.protect(device);
            rig.start();
            rig.onClose(() -> Shell.run("mountpoint -q " + mount + " && umount " + mount + " || true"));
            rig.during(fio(
                            device,
                            "--rw=randwrite --bssplit=4k/60:64k/30:1m/10 --iodepth=8 --size=100% --io_size=200m --rate=100m")
                    + " && mkfs.ext4 -q " + device + " && mkdir " + mount + " && mount " + device + " " + mount
                    + " && cp -a /usr/lib/x86_64-linux-gnu/perl-base " + mount + " && rm -r " + mount
                    + "/perl-base && sync && fstrim " + mount + " && umount " + mount);
            rig.assertEqual();
            assertOrdered(rig);
            assertThat(rig.source().maps().state().getLong(CaptureState.UNKNOWN_COMPLETIONS_OFFSET))
                    .as(rig.counters())
                    .isZero();
        }
    }

    @Test
    void copiesADeviceOfTheDeviceMapper() throws IOException {
        assumeTrue(
                java.nio.file.Files.exists(java.nio.file.Path.of("/dev/mapper/control")) && Shell.has("dmsetup"),
                "needs a kernel with device mapper, and dmsetup");
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String lower = rig.loop("a", 330 * MIB);
            // Two pieces in exchanged order: writes over their edge are split below.
            Shell.run(
                    "printf '0 300000 linear " + lower + " 300000\\n300000 290000 linear " + lower
                            + " 2048\\n' | dmsetup create farshore-test --noudevsync && dmsetup mknodes --noudevsync farshore-test");
            rig.onClose(() -> Shell.run("dmsetup remove --noudevsync farshore-test"));
            final String device = "/dev/mapper/farshore-test";
            final String mount = rig.folder().resolve("mnt").toString();
            rig.protect(device);
            rig.start();
            rig.during(mixed(device, 60) + " && blkdiscard -o 140M -l 30M " + device + " && blkdiscard -z -o 9M -l 4M "
                    + device + " && mkfs.ext4 -q -F " + device + " && mkdir " + mount + " && mount " + device + " "
                    + mount
                    + " && cp -a /usr/lib/x86_64-linux-gnu/perl-base " + mount + " && sync && rm -r " + mount
                    + "/perl-base && fstrim " + mount + " && umount " + mount);
            rig.assertEqual();
            assertOrdered(rig);
            assertThat(rig.source().maps().state().getLong(CaptureState.UNKNOWN_COMPLETIONS_OFFSET))
                    .as(rig.counters())
                    .isZero();
        }
    }

    @Test
    void convergesAfterTheRingWasTooSmall() throws IOException {
        try (CaptureRig rig = new CaptureRig(SMALL_RING, SIZE)) {
            final String device = rig.loop("a", SIZE);
            rig.protect(device);
            rig.start();
            rig.during(fio(
                    device,
                    "--rw=randwrite --bssplit=4k/50:64k/40:4m/10 --iodepth=16 --size=100% --runtime=8 --time_based"));
            rig.assertEqual();
            assertThat(rig.shadow().gaps()).isPositive();
            assertThat(rig.source().droppedCount()).isPositive();
        }
    }

    @Test
    void followsTwoVolumesInOneOrder() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String first = rig.loop("a", 256 * MIB);
            final String second = rig.loop("b", 128 * MIB);
            rig.protect(first);
            rig.protect(second);
            rig.start();
            rig.during(mixed(first, 100) + " & " + mixed(second, 100) + "; wait");
            rig.assertEqual();
            assertOrdered(rig);
        }
    }

    @Test
    void goesOnWhereAKilledAgentStopped() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String device = rig.loop("a", SIZE);
            rig.protect(device);
            rig.start();
            final long id = rig.source().captureIdLow();
            final String workload = mixed(device, 200);
            final Process process = Shell.start(workload);
            for (int kill = 0; kill < 5; kill++) {
                rig.followFor(process, 700);
                rig.abandon();
                Shell.run("sleep 0.3");
                rig.open();
                assertThat(rig.source().resumed()).isTrue();
                assertThat(rig.source().captureIdLow()).isEqualTo(id);
            }
            rig.follow(process, workload);
            rig.assertEqual();
            assertThat(rig.shadow().gaps()).as(rig.shadow() + rig.counters()).isZero();
        }
    }

    @Test
    void coversWhatWasWrittenWithoutAnAgent() throws IOException {
        try (CaptureRig rig = new CaptureRig(SMALL_RING, SIZE)) {
            final String device = rig.loop("a", SIZE);
            rig.protect(device);
            rig.start();
            rig.abandon();
            Shell.run("dd if=/dev/urandom of=" + device + " bs=1M count=100 seek=7 oflag=direct status=none");
            rig.open();
            assertThat(rig.source().resumed()).isTrue();
            assertThat(rig.source().gapEpoch()).isNotEqualTo(rig.source().notedGapEpoch());
            rig.assertEqual();
            assertThat(rig.shadow().readBackBytes()).isGreaterThan(90 * MIB).isLessThan(110 * MIB);
        }
    }

    @Test
    void beginsAnewWhenTheDiskIsAnother() throws IOException {
        try (CaptureRig rig = new CaptureRig(SMALL_RING, SIZE)) {
            final String device = rig.loop("a", 64 * MIB);
            rig.protect(device);
            rig.start();
            final long id = rig.source().captureIdLow();
            rig.abandon();
            rig.replaceDisk("a");
            rig.open();
            assertThat(rig.source().resumed()).isFalse();
            assertThat(rig.source().captureIdLow()).isNotEqualTo(id);
            rig.during(mixed(device, 20));
            rig.assertEqual();
        }
    }

    @Test
    void addsAndRemovesVolumesWithoutAGap() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String first = rig.loop("a", 128 * MIB);
            final String second = rig.loop("b", 64 * MIB);
            rig.protect(first);
            rig.start();
            final String workload = mixed(first, 150);
            final Process process = Shell.start(workload);
            rig.followFor(process, 500);
            rig.add(second);
            rig.during(mixed(second, 40));
            rig.assertEqual(1);
            Shell.run("dd if=/dev/urandom of=" + second + " bs=1M count=8 oflag=direct status=none");
            rig.remove(1);
            Shell.run("dd if=/dev/urandom of=" + second + " bs=1M count=8 oflag=direct status=none");
            rig.follow(process, workload);
            rig.assertEqual();
            assertOrdered(rig);
        }
    }

    @Test
    void followsAVolumeThatGrows() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String device = rig.loop("a", 128 * MIB);
            rig.protect(device);
            rig.start();
            Shell.run("truncate -s 300M " + rig.folder() + "/a.img && losetup -c " + device);
            rig.during("dd if=/dev/urandom of=" + device + " bs=1M seek=120 count=40 oflag=direct status=none");
            rig.grow(0);
            rig.during(mixed(device, 100));
            rig.assertEqual();
            assertThatThrownBy(() -> rig.source().grow(0, 100 * MIB))
                    .isInstanceOf(FarshoreException.class)
                    .hasMessageContaining("shrunk");
        }
    }

    @Test
    void refusesTwoVolumesOnTheSameSectors() throws IOException {
        try (CaptureRig rig = new CaptureRig(SMALL_RING, SIZE)) {
            final String device = rig.loop("a", 64 * MIB);
            rig.protect(device);
            rig.protect(device);
            assertThatThrownBy(rig::open).isInstanceOf(FarshoreException.class).hasMessageContaining("same sectors");
        }
    }

    @Test
    void tellsTheErrorOfAFailedWrite() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            // The file system below is smaller than the loop device says: late writes fail.
            final String small = rig.folder().resolve("small").toString();
            Shell.run("mkdir " + small + " && mount -t tmpfs -o size=32m none " + small + " && truncate -s 64M " + small
                    + "/f");
            rig.onClose(() -> Shell.run("umount " + small));
            final String device = Shell.run("losetup -f --show " + small + "/f");
            rig.onClose(() -> Shell.run("losetup -d " + device));
            rig.protect(device);
            rig.start();
            rig.during("dd if=/dev/urandom of=" + device + " bs=1M count=64 oflag=direct status=none || true");
            rig.assertEqual();
            assertThat(rig.shadow().failedCompletions()).as(rig.counters()).isPositive();
            assertThat(rig.shadow().gaps()).isZero();
        }
    }
}
