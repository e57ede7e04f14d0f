package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ImageWriterTest {
    private static final Path FOLDER = Path.of("/staging");

    @Test
    void shouldWriteNothingWhenNothingChanged() {
        final Map<String, String> marks = marks("tree/", "", "tree/a", "1");

        assertThat(ImageWriter.script(FOLDER, marks, marks)).isEmpty();
    }

    @Test
    void shouldReplaceAFileThatChanged() {
        assertThat(ImageWriter.script(FOLDER, marks("db/", "", "db/x", "1"), marks("db/", "", "db/x", "2")))
                .isEqualTo("rm /db/x\ncd /db\nwrite /staging/db/x x\n");
    }

    @Test
    void shouldEmptyAFolderBeforeItTakesItAwayAndMakeOneBeforeItFillsIt() {
        final Map<String, String> before = marks("old/", "", "old/deep/", "", "old/deep/a", "1");
        final Map<String, String> now = marks("new/", "", "new/deep/", "", "new/deep/a", "1");

        assertThat(ImageWriter.script(FOLDER, before, now))
                .isEqualTo("rm /old/deep/a\nrmdir /old/deep\nrmdir /old\nmkdir /new\nmkdir /new/deep\n"
                        + "cd /new/deep\nwrite /staging/new/deep/a a\n");
    }

    @Test
    void shouldTellComplaintsFromWhatDebugfsAlwaysSays() {
        assertThat(ImageWriter.complaints("debugfs 1.47.0 (5-Feb-2023)\ndebugfs: cd /db\nAllocated inode: 16\n\n"))
                .isEmpty();
        assertThat(ImageWriter.complaints("debugfs: rm /x\nrm: File not found by ext2_lookup\n"))
                .contains("File not found");
    }

    private static Map<String, String> marks(final String... pairs) {
        final Map<String, String> marks = new TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            marks.put(pairs[i], pairs[i + 1]);
        }
        return marks;
    }
}
