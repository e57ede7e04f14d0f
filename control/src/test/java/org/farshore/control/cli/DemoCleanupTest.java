package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCleanupTest {
    private static final long DEAD_PID = 4_194_305;

    private final List<String> complaints = new ArrayList<>();

    @TempDir
    private Path parent;

    @Test
    void shouldRemoveItsDirectoryAndSayNothingWhenCalledAgain() throws IOException {
        final Path directory = demo(DEAD_PID);
        final DemoCleanup cleanup = new DemoCleanup(Path.of("/none"), directory, "demo-x", false, complaints::add);

        cleanup.run();
        cleanup.run();

        assertThat(directory).doesNotExist();
        assertThat(complaints).isEmpty();
    }

    @Test
    void shouldKeepJournalReplicasSettingsAndLogsWhenAsked() throws IOException {
        final Path directory = demo(DEAD_PID);
        new DemoCleanup(Path.of("/none"), directory, "demo-x", true, complaints::add).run();

        assertThat(directory.resolve("master-target/m/disk0/replica.img")).exists();
        assertThat(directory.resolve("disks")).doesNotExist();
    }

    @Test
    void shouldSweepOnlyWhatKilledDemosLeft() throws IOException {
        final Path left = demo(DEAD_PID);
        final Path alive = demo(ProcessHandle.current().pid());
        final Path foreign = demo(DEAD_PID + 1);
        Files.writeString(foreign.resolve("owner"), "pid:[1]");
        final Path other = Files.createDirectory(parent.resolve("farshore-demo-notes"));

        assertThat(DemoCleanup.sweep(parent, Path.of("/none"), complaints::add)).containsExactly(left);
        assertThat(left).doesNotExist();
        assertThat(alive).exists();
        assertThat(foreign).exists();
        assertThat(other).exists();
    }

    private Path demo(final long pid) throws IOException {
        final Path directory = DemoCleanup.directory(parent, pid);
        final Path replica = directory.resolve("master-target/m/disk0/replica.img");
        Files.createDirectories(replica.getParent());
        Files.createFile(replica);
        Files.createDirectories(directory.resolve("disks"));
        return directory;
    }
}
