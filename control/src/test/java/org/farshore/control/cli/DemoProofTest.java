package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An image file lives for a few rounds, is copied, and the copy is put to the proof: no root, no roles. */
class DemoProofTest {
    private static final long SIZE = 64L << 20;
    private static final double UNHURRIED = 1e9;

    private Path directory;
    private DemoWorkload workload;

    @BeforeEach
    void live() throws IOException, InterruptedException {
        for (final String tool : List.of("mke2fs", "debugfs", "e2fsck", "sqlite3")) {
            assumeTrue(Commands.find(tool).isPresent(), tool + " is not installed");
        }
        directory = Files.createTempDirectory(Path.of("target"), "proof").toAbsolutePath();
        workload = DemoWorkload.onImage(directory, "disk0", SIZE, UNHURRIED, 7);
        workload.work();
        workload.work();
        final Path replica = directory.resolve("target/m/disk0/replica.img");
        Files.createDirectories(replica.getParent());
        Files.copy(workload.disk().device(), replica);
    }

    @AfterEach
    void remove() throws IOException {
        if (directory != null) {
            FileTree.removeTree(directory);
        }
    }

    @Test
    void shouldProveAGoodCopy() throws IOException {
        final DemoProof proof = prove();

        assertThat(proof.fileSystem()).isEmpty();
        assertThat(proof.database()).isEmpty();
        assertThat(proof.equal()).isTrue();
        assertThat(proof.transactions()).isPositive();
    }

    @Test
    void shouldFindOneFlippedByte() throws IOException {
        final Path replica = directory.resolve("target/m/disk0/replica.img");
        try (RandomAccessFile file = new RandomAccessFile(replica.toFile(), "rw")) {
            file.seek(SIZE - 10);
            file.write(1);
        }

        final DemoProof proof = prove();

        assertThat(proof.equal()).isFalse();
        assertThat(proof.differences()).containsExactly(SIZE - 4096 + "+4096", "1 blocks of 4 KiB differ in all");
    }

    @Test
    void shouldMissATransactionThatIsNotInTheCopy() throws IOException {
        final DemoProof proof =
                DemoProof.of(workload.disk(), workload.transfers() + 1, directory.resolve("target"), directory);

        assertThat(proof.equal()).isFalse();
        assertThat(proof.database()).contains("expected").contains(String.valueOf(workload.transfers() + 1));
    }

    @Test
    void shouldSeeABrokenFileSystem() throws IOException {
        final Path replica = directory.resolve("target/m/disk0/replica.img");
        try (RandomAccessFile file = new RandomAccessFile(replica.toFile(), "rw")) {
            file.seek(4096 + 64);
            file.write(new byte[4096]);
        }

        assertThat(prove().fileSystem()).contains("e2fsck ended with");
    }

    private DemoProof prove() throws IOException {
        return DemoProof.of(workload.disk(), workload.transfers(), directory.resolve("target"), directory);
    }
}
