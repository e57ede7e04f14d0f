package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DirectDigestTest {
    /** Not in the default temporary folder, which may be a file system that cannot be read past the page cache. */
    private Path directory;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("target"), "digest");
    }

    @AfterEach
    void removeDirectory() throws IOException {
        FileTree.removeTree(directory);
    }

    @Test
    void shouldDigestAFileThatEndsInTheMiddleOfABlock() throws Exception {
        final byte[] content = noise(3 * 1024 * 1024 + 1536);
        final Path file = Files.write(directory.resolve("a"), content);

        assertThat(DirectDigest.sha256(file, content.length))
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(content)));
    }

    @Test
    void shouldNameTheRangesThatDiffer() throws IOException {
        final byte[] content = noise(1024 * 1024);
        final Path first = Files.write(directory.resolve("a"), content);
        content[5000]++;
        content[9000]++;
        content[1024 * 1024 - 1]++;
        final Path second = Files.write(directory.resolve("b"), content);

        assertThat(DirectDigest.differences(first, second, content.length))
                .containsExactly("4096+8192", "1044480+4096", "3 blocks of 4 KiB differ in all");
        assertThat(DirectDigest.differences(first, first, content.length))
                .containsExactly("0 blocks of 4 KiB differ in all");
    }

    private static byte[] noise(final int length) {
        final byte[] content = new byte[length];
        new SplittableRandom(1).nextBytes(content);
        return content;
    }
}
