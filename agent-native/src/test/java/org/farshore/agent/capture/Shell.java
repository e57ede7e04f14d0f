package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Runs a command of the system under test, with its output in the failure. */
final class Shell {
    private static final long SECONDS_MAX = 300;

    private Shell() {}

    /** Standard output, stripped. */
    static String run(final String script) {
        return await(start(script), script);
    }

    static Process start(final String script) {
        try {
            return new ProcessBuilder("/bin/bash", "-o", "pipefail", "-ec", script)
                    .redirectErrorStream(true)
                    .start();
        } catch (final IOException e) {
            throw new AssertionError(script, e);
        }
    }

    static String await(final Process process, final String script) {
        try {
            final String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(script + " ended with " + process.exitValue() + ": " + out);
            }
            return out;
        } catch (final IOException | InterruptedException e) {
            throw new AssertionError(script, e);
        }
    }

    static boolean has(final String command) {
        return start("command -v " + command).onExit().join().exitValue() == 0;
    }
}
