package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_FUA;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_WRITE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two connections to one flat file: what CAN_MULTI_CONN promises. */
@Timeout(60)
class NbdCoherenceTest {
    private static final int SIZE = 4 << 20;

    @TempDir
    private Path directory;

    @Test
    void whatOneConnectionWasAnsweredTheOtherReads() throws IOException {
        final Path file = Files.write(directory.resolve("disk"), new byte[SIZE]);
        final long seed = 20_261;
        final Random random = new Random(seed);
        try (NbdServerRig rig = NbdServerRig.with(new FileExport(new ChannelBlockFiles(), file, false));
                NbdClient one = NbdClient.structured(rig.socket, "disk");
                NbdClient two = NbdClient.structured(rig.socket, "disk")) {
            for (int round = 0; round < 500; round++) {
                final NbdClient writer = random.nextBoolean() ? one : two;
                final NbdClient reader = writer == one ? two : one;
                final byte[] payload = new byte[1 + random.nextInt(100_000)];
                random.nextBytes(payload);
                final int offset = random.nextInt(SIZE - payload.length);
                final int flags = random.nextBoolean() ? CMD_FLAG_FUA : 0;
                assertThat(writer.call(CMD_WRITE, flags, offset, payload.length, payload))
                        .isZero();
                if (flags == 0 && random.nextBoolean()) {
                    assertThat(reader.flush()).as("flushes the other's writes").isZero();
                }
                assertThat(reader.read(0, offset, payload.length).bytes())
                        .as("seed %d round %d", seed, round)
                        .isEqualTo(payload);
            }
        }
    }
}
