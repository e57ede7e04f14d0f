package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {
    private static final long MEBIBYTE = 1 << 20;

    @TempDir
    private Path root;

    @Test
    void shouldDoEverythingPeopleDoToFilesAndStayWithinItsRoom() throws IOException {
        final FileTree tree = new FileTree(root, 4 * MEBIBYTE, 42);
        tree.create(2 * MEBIBYTE);
        for (int i = 0; i < 400; i++) {
            tree.step();
        }

        assertThat(tree.written()).isPositive();
        assertThat(tree.copied()).isPositive();
        assertThat(tree.changed()).isPositive();
        assertThat(tree.deleted()).isPositive();
        assertThat(bytes()).isLessThan(10 * MEBIBYTE);
    }

    private long bytes() throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(Files::isRegularFile)
                    .mapToLong(path -> path.toFile().length())
                    .sum();
        }
    }
}
