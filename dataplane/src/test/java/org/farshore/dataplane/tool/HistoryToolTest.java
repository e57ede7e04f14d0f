package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the files say is tested with those who write them; here it is how the tool says it. */
class HistoryToolTest {
    private static final Path MACHINE = Path.of("/target/machine");

    private final SimulatedDisk disk = new SimulatedDisk(3);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(final String... arguments) {
        out.reset();
        err.reset();
        return HistoryTool.run(
                disk,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                arguments);
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private void aCatalogueThatIsNone() throws IOException {
        disk.createDirectories(MACHINE);
        try (BlockFile file = disk.open(MACHINE.resolve("points"), BlockFiles.Mode.WRITE)) {
            file.write(ByteBuffer.allocateDirect(8192), 0);
            file.sync();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/target", "/target/machine"})
    void damageIsNamedWithItsFileAndWhatFollowsAndTheAnswerIsNo(final String path) throws IOException {
        aCatalogueThatIsNone();

        assertThat(run("verify", path)).isEqualTo(ExitCode.NO.code());
        assertThat(output())
                .contains("points     /target/machine/points")
                .contains("DAMAGED  the header is not whole; the next start makes the catalogue again from the journal")
                .contains("verdict    damaged");
    }

    @Test
    void describeTellsTheSameAndJudgesNothing() throws IOException {
        aCatalogueThatIsNone();

        assertThat(run("describe", "/target")).isEqualTo(ExitCode.OK.code());
        assertThat(output()).contains("DAMAGED").doesNotContain("verdict");
    }

    @Test
    void jsonIsOneObjectAFile() throws IOException {
        aCatalogueThatIsNone();

        assertThat(run("verify", "/target", "--json")).isEqualTo(ExitCode.NO.code());
        assertThat(output())
                .startsWith(
                        "{\"file\":\"/target/machine/points\",\"kind\":\"points\",\"result\":\"damaged\",\"facts\":{},")
                .endsWith("}" + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "mend /target", "verify", "verify /target /more", "describe /target --all", "verify /no"})
    void mistakesAreUsageErrorsThatPointToTheHelp(final String line) {
        assertThat(run(line.isEmpty() ? new String[0] : line.split(" "))).isEqualTo(ExitCode.USAGE.code());
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("see farshore history --help");
    }

    @Test
    void helpShowsExamples() {
        assertThat(run("--help")).isEqualTo(ExitCode.OK.code());
        assertThat(output()).contains("Examples:", "farshore history verify");
    }
}
