package org.farshore.tests.lab;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Scripts for Debian's own Python, which has libnbd's bindings (package python3-libnbd). */
public final class Python {
    private static final String PYTHON = "/usr/bin/python3";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private Python() {}

    /** Skips the test where the bindings are missing. */
    public static void requireLibnbd(final String name) {
        if (Shell.attempt(PYTHON, "-c", "import nbd").exitCode() != 0) {
            Features.skip(name, "no libnbd for Debian's Python (python3-libnbd)");
        }
    }

    /** Runs the lines to their end, which must be a good one; answers what they printed. */
    public static String run(final Map<String, String> environment, final String... lines) {
        return Shell.run(LIMIT, environment, List.of(PYTHON, "-c", String.join("\n", lines)))
                .mustSucceed()
                .output()
                .strip();
    }
}
