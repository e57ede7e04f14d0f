package org.farshore.tests.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.farshore.dataplane.retire.ReplicaRefusedException;
import org.farshore.dataplane.retire.ReplicaVolumes;

/** The claim beside a replica. Whatever it says, a replica whose claim is not exactly ours is not opened. */
public final class ReplicaClaimFuzz {
    private static final Path DATA = Path.of("/data");
    private static final Path CLAIM = DATA.resolve("m").resolve("v").resolve("replica.properties");
    private static final Path REPLICA = DATA.resolve("m").resolve("v").resolve("replica.img");
    private static final String GOOD =
            "machine=m\nvolume=v\nuuid=" + new UUID(1, 2) + "\nsize=4096\ngeneration=1\npath=" + REPLICA + "\n";

    private ReplicaClaimFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        final HeapFiles files = new HeapFiles().put(CLAIM, input.clone()).put(REPLICA, new byte[4096]);
        try {
            new ReplicaVolumes(files, DATA, Map.of(), false)
                    .open("m", "v", 1, 2, 4096, 1, true)
                    .close();
            final String text = new String(input, StandardCharsets.UTF_8);
            RecordMessageFuzz.require(text.contains("v") && text.contains("m"), "a claim of nobody is taken");
        } catch (final IOException | ReplicaRefusedException e) {
            RecordMessageFuzz.require(!e.getMessage().isBlank(), "a refusal without a word");
        }
    }

    static List<byte[]> seeds() {
        return List.of(
                GOOD.getBytes(StandardCharsets.UTF_8),
                GOOD.replace("machine=m", "machine=\\u0041").getBytes(StandardCharsets.UTF_8),
                GOOD.replace("size=4096", "size=x").getBytes(StandardCharsets.UTF_8));
    }
}
