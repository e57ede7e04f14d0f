package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileExportTest {
    private static final Path FILE = Path.of("/disk");

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final NbdOutcome outcome = new NbdOutcome();

    @TempDir
    private Path directory;

    private FileExport simulated(final long length) throws IOException {
        disk.createDirectories(Path.of("/"));
        try (BlockFile file = disk.open(FILE, BlockFiles.Mode.WRITE)) {
            file.setLength(length);
            file.sync();
        }
        disk.syncDirectory(Path.of("/"));
        return new FileExport(disk, FILE, false);
    }

    private static ByteBuffer bytes(final int length) {
        final ByteBuffer bytes = ByteBuffer.allocateDirect(length);
        for (int i = 0; i < length; i++) {
            bytes.put(i, (byte) (i + 1));
        }
        return bytes;
    }

    @Test
    void aMissingFileIsNotMade() {
        final Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> new FileExport(new ChannelBlockFiles(), missing, false))
                .isInstanceOf(IOException.class);
        assertThat(missing).doesNotExist();
    }

    @Test
    void whatWasFlushedThroughOneAccessSurvivesAPowerCutWhoeverWroteIt() throws IOException {
        final FileExport export = simulated(64 << 10);
        try (NbdAccess one = export.open();
                NbdAccess two = export.open()) {
            one.write(4096, bytes(4096), outcome);
            two.flush(outcome);
            assertThat(outcome.isGood()).isTrue();
        }
        disk.restart(SimulatedDisk.Survival.NONE);
        final ByteBuffer read = ByteBuffer.allocate(4096);
        try (NbdAccess access = new FileExport(disk, FILE, true).open()) {
            access.read(4096, read, outcome);
        }
        assertThat(read.flip()).isEqualTo(bytes(4096));
    }

    @Test
    void afterAFailedSyncNoConnectionIsEverToldThatItsWritesAreSafe() throws IOException {
        final FileExport export = simulated(64 << 10);
        try (NbdAccess one = export.open();
                NbdAccess two = export.open()) {
            one.write(0, bytes(512), outcome);
            disk.failOperation(disk.operations() + 1);
            one.flush(outcome);
            assertThat(outcome.error()).isEqualTo(NbdError.EIO);
            for (final NbdAccess access : new NbdAccess[] {one, two, export.open()}) {
                outcome.reset();
                access.flush(outcome);
                assertThat(outcome.error())
                        .as("the disk itself would say well now")
                        .isEqualTo(NbdError.EIO);
                outcome.reset();
                access.write(512, bytes(512), outcome);
                assertThat(outcome.error()).isEqualTo(NbdError.EIO);
                outcome.reset();
                access.writeZeroes(0, 512, true, outcome);
                assertThat(outcome.error()).isEqualTo(NbdError.EIO);
            }
        }
    }

    @Test
    void aFailedWriteNamesItsOffset() throws IOException {
        final FileExport export = simulated(64 << 10);
        try (NbdAccess access = export.open()) {
            disk.failOperation(disk.operations() + 1);
            access.write(8192, bytes(512), outcome);
            assertThat(outcome.error()).isEqualTo(NbdError.EIO);
            assertThat(outcome.offset()).as("as far as it came").isBetween(8192L, 8703L);
        }
    }

    @Test
    void aFileThatBecameShorterFailsWhereItEnds() throws IOException {
        final Path file = Files.write(directory.resolve("disk"), new byte[16 << 10]);
        final FileExport export = new FileExport(new ChannelBlockFiles(), file, true);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                NbdAccess access = export.open()) {
            channel.truncate(5000);
            access.read(4096, ByteBuffer.allocateDirect(4096), outcome);
            assertThat(outcome.error()).isEqualTo(NbdError.EIO);
            assertThat(outcome.offset()).isEqualTo(5000);
        }
    }

    @Test
    void aFullDiskIsSaidToBeFull() throws IOException {
        org.junit.jupiter.api.Assumptions.assumeTrue(
                Files.isWritable(Path.of("/dev/full")), "SKIPPED FileExportTest: no /dev/full");
        final BlockFiles full = new ChannelBlockFiles();
        try (NbdAccess access = new FileExport(full, Path.of("/dev/full"), false).open()) {
            access.write(0, bytes(512), outcome);
            assertThat(outcome.error()).isEqualTo(NbdError.ENOSPC);
            assertThat(outcome.message()).contains("No space left").doesNotContain("/dev");
        }
    }

    @Test
    void holesOfASparseFileAreToldAndZeroingMakesThem() throws IOException {
        final Path file = Files.createFile(directory.resolve("sparse"));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(bytes(64 << 10), 1 << 20);
            channel.write(bytes(1), (4 << 20) - 1);
        }
        final FileExport export = new FileExport(new ChannelBlockFiles(), file, false);
        final NbdExtents extents = new NbdExtents(10);
        try (NbdAccess access = export.open()) {
            assertThat(status(access, extents, 0, 4 << 20)).isEqualTo("1048576:3 65536:0 3076096:3 4096:0 ");
            assertThat(status(access, extents, (1 << 20) + 100, 65_536)).isEqualTo("65436:0 100:3 ");
            access.writeZeroes(1 << 20, 32 << 10, true, outcome);
            access.writeZeroes((1 << 20) + (32 << 10), 32 << 10, false, outcome);
            assertThat(status(access, extents, 0, 2 << 20)).isEqualTo("1081344:3 32768:0 983040:3 ");
        }
        assertThat(Files.readAllBytes(file)).startsWith(new byte[(4 << 20) - 1]).hasSize(4 << 20);
    }

    private String status(final NbdAccess access, final NbdExtents extents, final long offset, final long length) {
        extents.begin(length, 10);
        access.blockStatus(offset, length, extents, outcome);
        assertThat(outcome.isGood()).isTrue();
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < extents.count(); i++) {
            text.append(extents.length(i)).append(':').append(extents.state(i)).append(' ');
        }
        return text.toString();
    }
}
