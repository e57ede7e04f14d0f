package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.farshore.dataplane.journal.JournalRig;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalToolTest {
    private static final Path FIRST = JournalRig.JOURNAL.resolve("segment-00000");

    private final JournalRig rig = new JournalRig(new SimulatedDisk(4), 4);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void writeFiveRecords() {
        rig.open();
        rig.connect();
        for (int i = 0; i < 5; i++) {
            rig.appendSurely(1_000);
            rig.settle();
        }
        rig.confirm();
    }

    private ExitCode run(final String... arguments) {
        out.reset();
        err.reset();
        final int code = JournalTool.run(
                rig.disk,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                arguments);
        for (final ExitCode exitCode : ExitCode.values()) {
            if (exitCode.code() == code) {
                return exitCode;
            }
        }
        throw new AssertionError("exit code " + code);
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/target", "/target/stream", "/target/stream/journal"})
    void journalIsFoundFromAnyDirectoryAboveIt(final String path) {
        assertThat(run("verify", path)).isEqualTo(ExitCode.OK);
        assertThat(output()).contains("no damage").contains("6 frames").contains("END sequence 5");
    }

    @Test
    void describeTellsStateSegmentsAndEnd() {
        assertThat(run("describe", "/target/stream")).isEqualTo(ExitCode.OK);
        assertThat(output())
                .contains("machine     112233445566778899aabbccddeeff00")
                .contains("1 INCARNATION, 5 STREAM")
                .contains("segment-00000")
                .contains("1 .. 5")
                .contains("END sequence 5");
    }

    @Test
    void describeAsJsonIsOneObject() {
        assertThat(run("describe", "/target/stream", "--json")).isEqualTo(ExitCode.OK);
        assertThat(output())
                .startsWith("{\"journal\":\"/target/stream/journal\"")
                .contains("\"endSequence\":5,")
                .contains("\"frames\":{\"INCARNATION\":1,\"STREAM\":5}")
                .contains("\"sequences\":[1,5]")
                .endsWith("}\n");
    }

    @Test
    void dumpShowsOneLineForEachFrame() {
        assertThat(run("dump", "/target/stream")).isEqualTo(ExitCode.OK);
        assertThat(output().lines().filter(line -> line.contains(" STREAM "))).hasSize(5);
        assertThat(output()).contains("INCARNATION").contains("next 1");
        run("dump", "/target/stream", "--limit", "2", "--json");
        assertThat(output().lines()).hasSize(2).allMatch(line -> line.startsWith("{\"position\":"));
    }

    @Test
    void dumpOfBodiesDecodesWhatItCanAndSurvivesTheRest() {
        assertThat(run("dump", "/target/stream", "--bodies")).isEqualTo(ExitCode.OK);
        assertThat(output())
                .contains("[Incarnation]")
                .contains("nextSequence=1")
                .contains("unknown to this version");
    }

    @Test
    void verifyOfDamageAnswersNoAndNamesTheRange() {
        rig.disk.flip(FIRST, 4096 + 200, 8);
        assertThat(run("verify", "/target/stream")).isEqualTo(ExitCode.NO);
        assertThat(output()).contains("DAMAGED").contains("positions 266240 to");
        assertThat(run("verify", "/target/stream", "--json")).isEqualTo(ExitCode.NO);
        assertThat(output()).contains("\"result\":\"damaged\"").contains("\"from\":266240");
    }

    @Test
    void verifySeesADamagedSegmentHeader() {
        rig.disk.flip(FIRST, 30, 8);
        assertThat(run("verify", "/target/stream")).isEqualTo(ExitCode.NO);
        assertThat(output()).contains("segment-00000: its header is damaged").contains("6 frames");
    }

    @Test
    void journalInUseIsReadWhileItGoesOn() {
        for (int i = 0; i < 200; i++) {
            rig.appendSurely(20_000);
            rig.step();
            if (i % 9 == 0) {
                rig.settle();
                rig.checkpoint();
            }
            assertThat(run("verify", "/target")).as("record " + i).isEqualTo(ExitCode.OK);
        }
    }

    @Test
    void nothingIsWritten() {
        final long operations = rig.disk.operations();
        run("describe", "/target");
        run("dump", "/target");
        run("verify", "/target");
        assertThat(rig.disk.operations()).isEqualTo(operations);
    }

    @Test
    void helpShowsExamples() {
        assertThat(run("--help")).isEqualTo(ExitCode.OK);
        assertThat(output()).contains("Examples:").contains("Exit codes:");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "describe", "eat /target", "dump /target --from x", "verify /nowhere", "dump /target --x"})
    void nonsenseIsUsage(final String line) {
        assertThat(run(line.isEmpty() ? new String[0] : line.split(" "))).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("farshore journal: ");
    }
}
