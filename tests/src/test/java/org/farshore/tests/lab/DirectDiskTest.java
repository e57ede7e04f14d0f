package org.farshore.tests.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectDiskTest {
    private static final int LENGTH = 9 << 20;

    @TempDir
    private Path directory;

    private Path left;
    private Path right;
    private byte[] bytes;

    @BeforeEach
    void writeTwoFiles() throws IOException {
        bytes = new byte[LENGTH + 512];
        new Random(1).nextBytes(bytes);
        left = Files.write(directory.resolve("left"), bytes);
        right = Files.write(directory.resolve("right"), bytes);
    }

    @Test
    void sameBytesAreEqualAlsoWhenTheLastBlockIsPartial() {
        final DirectDisk.Comparison comparison = DirectDisk.compare(left, right);
        assertThat(comparison.equal()).isTrue();
        assertThat(comparison.sourceLength()).isEqualTo(bytes.length);
    }

    @Test
    void oneByteInTheMiddleAndOneAtTheEndAreFound() throws IOException {
        bytes[5 << 20] ^= 1;
        bytes[bytes.length - 1] ^= 1;
        Files.write(right, bytes);
        final DirectDisk.Comparison comparison = DirectDisk.compare(left, right);
        assertThat(comparison.equal()).isFalse();
        assertThat(comparison.differingBlocks()).isEqualTo(2);
        assertThat(comparison.firstOffsets()).containsExactly(5L << 20, (long) LENGTH);
    }

    @Test
    void lengthThatDiffersIsNotEqual() throws IOException {
        Files.write(right, java.util.Arrays.copyOf(bytes, LENGTH));
        assertThat(DirectDisk.compare(left, right).equal()).isFalse();
        assertThat(DirectDisk.compare(right, left).equal()).isFalse();
    }
}
