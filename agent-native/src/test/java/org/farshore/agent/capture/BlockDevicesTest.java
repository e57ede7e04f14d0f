package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.FarshoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockDevicesTest {
    @TempDir
    Path sys;

    private Path disk() throws IOException {
        final Path disk = sys.resolve("devices/virtual/block/sda");
        Files.createDirectories(disk.resolve("queue"));
        Files.createDirectories(disk.resolve("holders"));
        Files.createDirectories(sys.resolve("dev/block"));
        Files.writeString(disk.resolve("dev"), "8:0\n");
        Files.writeString(disk.resolve("size"), "2097152\n");
        Files.writeString(disk.resolve("diskseq"), "17\n");
        Files.writeString(disk.resolve("queue/logical_block_size"), "512\n");
        Files.writeString(disk.resolve("queue/zoned"), "none\n");
        Files.createSymbolicLink(sys.resolve("dev/block/8:0"), disk);
        return disk;
    }

    private Path partition(final Path disk) throws IOException {
        final Path partition = disk.resolve("sda1");
        Files.createDirectories(partition.resolve("holders"));
        Files.writeString(partition.resolve("partition"), "1\n");
        Files.writeString(partition.resolve("start"), "2048\n");
        Files.writeString(partition.resolve("size"), "4096\n");
        Files.createSymbolicLink(sys.resolve("dev/block/8:1"), partition);
        return partition;
    }

    @Test
    void placesAWholeDiskAtItsBegin() throws IOException {
        disk();
        final BlockDevice device = new BlockDevices(sys).describe("/dev/sda", 8, 0);
        assertThat(device.device()).isEqualTo(8 << 20);
        assertThat(device.diskSequence()).isEqualTo(17);
        assertThat(device.startSector()).isZero();
        assertThat(device.sizeBytes()).isEqualTo(1L << 30);
        assertThat(device.zoned()).isFalse();
    }

    @Test
    void placesAPartitionOnItsDisk() throws IOException {
        partition(disk());
        final BlockDevice device = new BlockDevices(sys).describe("/dev/sda1", 8, 1);
        assertThat(device.device()).as("of the whole disk").isEqualTo(8 << 20);
        assertThat(device.diskName()).isEqualTo("sda");
        assertThat(device.startSector()).isEqualTo(2048);
        assertThat(device.sectorCount()).isEqualTo(4096);
        assertThat(device.overlaps(new BlockDevices(sys).describe("/dev/sda", 8, 0)))
                .isTrue();
    }

    @Test
    void findsHoldersOfADisksPartitions() throws IOException {
        final Path partition = partition(disk());
        Files.createDirectory(partition.resolve("holders/dm-3"));
        assertThat(new BlockDevices(sys).describe("/dev/sda", 8, 0).holders()).containsExactly("dm-3");
    }

    @Test
    void tellsZonedDisks() throws IOException {
        Files.writeString(disk().resolve("queue/zoned"), "host-managed\n");
        assertThat(new BlockDevices(sys).describe("/dev/sda", 8, 0).zoned()).isTrue();
    }

    @Test
    void takesDeviceNumbersApart() {
        final long number = 259L << 8 | (70_000L & 0xFF) | (70_000L & ~0xFFL) << 12;
        assertThat(BlockDevices.majorOf(number)).isEqualTo(259);
        assertThat(BlockDevices.minorOf(number)).isEqualTo(70_000);
    }

    @Test
    void refusesAFile() {
        assertThatThrownBy(() -> new BlockDevices().resolve(sys))
                .isInstanceOf(FarshoreException.class)
                .hasMessageContaining("no block device");
    }
}
