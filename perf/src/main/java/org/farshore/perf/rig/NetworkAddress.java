package org.farshore.perf.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The address that roles talk over. On loopback addresses the product uses the longest datagram whatever is configured, so
 * shorter ones are measured over another address of this very machine: the same kernel path, but the configured MTU counts.
 */
final class NetworkAddress implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";
    /** From the block that is set aside for benchmarks (RFC 2544). */
    private static final String BENCHMARK = "198.18.47.1";

    private final boolean isAdded;
    private final String host;

    /** Adds an address to the loopback interface when one is needed, which takes root. */
    NetworkAddress(final int mtuLength) {
        isAdded = mtuLength != RigSettings.MTU_LOOPBACK;
        host = isAdded ? BENCHMARK : LOOPBACK;
        if (isAdded) {
            run("replace");
        }
    }

    String host() {
        return host;
    }

    private static void run(final String verb) {
        try {
            final Process process = new ProcessBuilder(List.of("ip", "address", verb, BENCHMARK + "/32", "dev", "lo"))
                    .redirectErrorStream(true)
                    .start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException("cannot " + verb + " " + BENCHMARK + ": " + output.strip());
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        if (isAdded) {
            run("delete");
        }
    }
}
