package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.farshore.dataplane.index.IndexRig;
import org.farshore.dataplane.runtime.ExitCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IndexToolTest {
    private final IndexRig rig = new IndexRig(9);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long position;

    @BeforeEach
    void indexAFewWrites() {
        rig.open().connect();
        position = rig.send(IndexRig.write(1, 0, 8192), IndexRig.write(1, 512, 1024));
        rig.send(IndexRig.discard(2, 0, 3 << 20), IndexRig.zero(2, 0, 4096));
        rig.removed(2);
        rig.barrierAndFollow();
        rig.checkpoint();
    }

    private int run(final String... arguments) {
        out.reset();
        err.reset();
        return IndexTool.run(
                rig.disk,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                arguments);
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/target", "/target/stream", "/target/stream/index"})
    void indexIsFoundFromAnyDirectoryAboveIt(final String path) {
        assertThat(run("verify", path)).isEqualTo(ExitCode.OK.code());
        assertThat(output()).contains("verdict     no damage");
    }

    @Test
    void describeTellsVersionsByKindAndVolume() {
        assertThat(run("describe", "/target/stream")).isEqualTo(ExitCode.OK.code());
        assertThat(output())
                .contains("machine     112233445566778899aabbccddeeff00")
                .contains("3 COARSE_DISCARD, 1 REMOVED, 3 WRITE, 1 ZERO")
                .contains("volume 1    3 versions (1 of parts, 0 coarse), 9.0 KiB in the journal")
                .contains("volume 2    4 versions (0 of parts, 3 coarse), 0 B in the journal")
                .contains("1 pages in use");
    }

    @Test
    void describeAsJsonIsOneObject() {
        assertThat(run("describe", "/target/stream", "--json")).isEqualTo(ExitCode.OK.code());
        assertThat(output())
                .startsWith("{\"index\":\"/target/stream/index\"")
                .contains("\"result\":\"healthy\"")
                .contains("\"volumes\":{\"1\":{\"versions\":3,\"partial\":1,\"coarse\":0,\"bytes\":9216}")
                .endsWith("\"lostJournal\":[],\"damages\":[]}\n");
    }

    @Test
    void verifyFindsAFlippedBit() {
        rig.disk.flip(IndexRig.INDEX.resolve("versions-0000000001"), 100, 1);
        assertThat(run("verify", "/target/stream")).isEqualTo(ExitCode.NO.code());
        assertThat(output()).contains("DAMAGED     versions-0000000001: page 0 is damaged");
    }

    @Test
    void verifyHoldsVersionsAgainstTheJournal() {
        final Path segment = Path.of("/target/stream/journal/segment-00000");
        rig.disk.flip(segment, position % IndexRig.SEGMENT_LENGTH + 150, 1);
        assertThat(run("verify", "/target/stream")).isEqualTo(ExitCode.NO.code());
        assertThat(output()).contains("at position " + position + " names no frame");
    }

    @Test
    void wrongUseIsRefused() {
        assertThat(run("repair", "/target")).isEqualTo(ExitCode.USAGE.code());
        assertThat(run("verify")).isEqualTo(ExitCode.USAGE.code());
        assertThat(run("verify", "/nothing")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("no version index in /nothing");
        assertThat(run("--help")).isEqualTo(ExitCode.OK.code());
        assertThat(output()).contains("farshore index verify PATH");
    }
}
