package org.farshore.agent;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.farshore.agent.capture.BlockDevices;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryCheckTest {
    @TempDir
    private Path directory;

    @Test
    void allowsADirectoryBesideAProtectedFile() throws IOException {
        final Path file = Files.createFile(directory.resolve("disk.img"));
        assertThatCode(() -> DataDirectoryCheck.check(directory, List.of(file))).doesNotThrowAnyException();
    }

    @Test
    void refusesADirectoryOnTheProtectedDisk() throws IOException {
        final long number = ((Number) Files.getAttribute(directory, "unix:dev")).longValue();
        final Path entry = Path.of("/sys/dev/block/" + (number >>> 8 & 0xFFF) + ":" + (number & 0xFF));
        assumeTrue(Files.exists(entry), "the temporary directory lies on no block device");
        final Path device = Path.of("/dev").resolve(entry.toRealPath().getFileName());
        assumeTrue(BlockDevices.isBlockDevice(device), "no node " + device);
        assertThatThrownBy(() -> DataDirectoryCheck.check(directory, List.of(device)))
                .hasMessageContaining("feed itself");
    }
}
