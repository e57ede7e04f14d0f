package org.farshore.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentIdentityTest {
    @TempDir
    private Path directory;

    @Test
    void drawsAnIdentityOnceAndKeepsIt() {
        final AgentIdentity first = open();
        first.generation(7);
        final AgentIdentity again = open();
        assertThat(again.machineHex()).isEqualTo(first.machineHex()).matches("[0-9a-f]{32}");
        assertThat(again.generation()).isEqualTo(7);
    }

    @Test
    void givesEachVolumeANumberThatItKeeps() throws IOException {
        final AgentIdentity identity = open();
        final AgentIdentity.VolumeIdentity root = identity.volume("root");
        final AgentIdentity.VolumeIdentity data = identity.volume("data");
        assertThat(root.number()).isZero();
        assertThat(data.number()).isEqualTo(1);
        assertThat(open().volume("data")).isEqualTo(data);
        Files.delete(directory.resolve("volumes/root"));
        assertThat(open().volume("log").number()).isZero();
        assertThat(open().volume("root").number()).isEqualTo(2);
    }

    @Test
    void saysWhichFileMakesNoSense() throws IOException {
        open();
        Files.writeString(directory.resolve("machine"), "id=xyz\n");
        assertThatThrownBy(this::open).hasMessageContaining(directory + "/machine holds id=xyz");
    }

    private AgentIdentity open() {
        return new AgentIdentity(new ChannelBlockFiles(), directory, new SystemEntropy());
    }
}
