package org.farshore.tests.fuzz;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.farshore.agent.AgentIdentity;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.ship.StreamLimits;

/** What an agent keeps about its machine and its volumes: the first half of an input is the one, the rest the other. */
public final class AgentIdentityFuzz {
    private static final Path DIRECTORY = Path.of("/agent");

    private AgentIdentityFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        int cut = 0;
        while (cut < input.length && input[cut] != 0) {
            cut++;
        }
        final HeapFiles files = new HeapFiles()
                .put(DIRECTORY.resolve("machine"), Arrays.copyOf(input, cut))
                .put(
                        DIRECTORY.resolve("volumes/data"),
                        Arrays.copyOfRange(input, Math.min(cut + 1, input.length), input.length));
        try {
            final AgentIdentity identity = new AgentIdentity(files, DIRECTORY, new SeededEntropy(1));
            RecordMessageFuzz.require(identity.generation() >= 0, "a negative generation");
            final int number = identity.volume("data").number();
            RecordMessageFuzz.require(number >= 0 && number < StreamLimits.VOLUMES_MAX, "volume number " + number);
            RecordMessageFuzz.require(identity.volume("other").number() != number, "one number twice");
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(e.getMessage().contains(DIRECTORY.toString()), e.getMessage());
        }
    }

    static List<byte[]> seeds() {
        final String id = "0123456789abcdef0123456789abcdef";
        return List.of(
                ("id=" + id + "\ngeneration=3\n\0number=5\nid=" + id + "\n").getBytes(StandardCharsets.US_ASCII),
                ("id=" + id + "\ngeneration=3\n\0number=64\nid=" + id + "\n").getBytes(StandardCharsets.US_ASCII),
                ("id=\\u00" + id + "\ngeneration=3\n\0").getBytes(StandardCharsets.US_ASCII));
    }
}
