package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.farshore.dataplane.runtime.BlockFiles.Mode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChannelBlockFileTest {
    @TempDir
    private Path directory;

    private final BlockFiles files = new ChannelBlockFiles();

    @Test
    void readsWhatWasWrittenAndZerosWhereItWasZeroed() throws IOException {
        try (BlockFile file = files.open(directory.resolve("disk"), Mode.WRITE)) {
            file.setLength(64 * 1024);
            file.write(filled(16 * 1024, 7), 4096);
            file.zero(8192, 4096);
            file.sync();

            assertThat(file.length()).isEqualTo(64 * 1024);
            final ByteBuffer read = ByteBuffer.allocateDirect(20 * 1024);
            file.read(read, 0);
            assertThat(read.get(4095)).isZero();
            assertThat(read.get(4096)).isEqualTo((byte) 7);
            assertThat(read.get(8192)).isZero();
            assertThat(read.get(12288)).isEqualTo((byte) 7);
        }
    }

    @Test
    void readsTheEndOfAVolumeWithinABlockPastThePageCache() throws IOException {
        try (BlockFile file = files.open(directory.resolve("disk"), Mode.WRITE)) {
            file.setLength(8192 + 512);
            file.write(filled(512, 7), 8192);
            file.sync();
        }
        try (BlockFile direct = files.open(directory.resolve("disk"), Mode.READ_DIRECT)) {
            final ByteBuffer buffer = BufferUtil.allocateDirectAligned(16 * 1024, 4096);
            direct.read(buffer.limit(4096 + 512), 4096);
            assertThat(buffer.position()).isEqualTo(4096 + 512);
            assertThat(buffer.get(4096 + 511)).isEqualTo((byte) 7);
            assertThatThrownBy(() -> direct.read(buffer.clear().limit(4096 + 1024), 4096))
                    .isInstanceOf(EOFException.class);
        } catch (final IOException | UnsupportedOperationException e) {
            assumeTrue(false, "no direct I/O on the file system of " + directory + ": " + e.getMessage());
        }
    }

    @Test
    void saysWhereAFileEnds() throws IOException {
        try (BlockFile file = files.open(directory.resolve("disk"), Mode.WRITE)) {
            file.setLength(1000);
            assertThatThrownBy(() -> file.read(ByteBuffer.allocateDirect(100), 950))
                    .isInstanceOf(EOFException.class)
                    .hasMessageContaining("ends at 1000, wanted 50 bytes at 1000");
        }
    }

    @Test
    void shortensAFile() throws IOException {
        try (BlockFile file = files.open(directory.resolve("disk"), Mode.WRITE)) {
            file.setLength(1000);
            file.setLength(10);
            assertThat(file.length()).isEqualTo(10);
        }
    }

    @Test
    void makesDirectoriesAndListsThemSorted() throws IOException {
        final Path deep = directory.resolve("a/b/c");
        files.createDirectories(deep);
        files.createDirectories(deep);
        files.open(deep.resolve("2"), Mode.WRITE).close();
        files.open(deep.resolve("1"), Mode.WRITE).close();
        files.rename(deep.resolve("2"), deep.resolve("3"));
        files.syncDirectory(deep);

        assertThat(files.list(deep)).containsExactly("1", "3");
        files.delete(deep.resolve("1"));
        files.delete(deep.resolve("1"));
        assertThat(files.exists(deep.resolve("1"))).isFalse();
        assertThat(files.list(directory.resolve("missing"))).isEmpty();
    }

    private static ByteBuffer filled(final int length, final int value) {
        final ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        for (int i = 0; i < length; i++) {
            buffer.put(i, (byte) value);
        }
        return buffer;
    }
}
