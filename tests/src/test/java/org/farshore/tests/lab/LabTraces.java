package org.farshore.tests.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/** Logs, settings and counters of labs, kept until it is known whether their test failed: a failing test closes its labs. */
final class LabTraces {
    private static final Deque<Path> KEPT = new ConcurrentLinkedDeque<>();

    private LabTraces() {}

    /** Copies what tells the lab's story to a place that outlives it. */
    static void keep(final FarshoreLab lab) {
        final Path to = FarshoreLab.root().resolve("tests/target/traces").resolve(lab.instance());
        try {
            Files.createDirectories(to);
            KEPT.add(to);
            Files.writeString(to.resolve("state.txt"), lab.state(), StandardCharsets.UTF_8);
            Shell.attemptScript("cp " + lab.directory() + "/*.log " + lab.directory() + "/*.properties " + to
                    + "; dmesg | tail -50 > " + to + "/dmesg.txt");
        } catch (final IOException e) {
            System.out.println("cannot keep logs and counters in " + to + ": " + e.getMessage());
        }
    }

    /** A test begins: what labs of earlier tests left is of no use any more. */
    static void forget() {
        KEPT.forEach(trace -> Shell.attempt("rm", "-rf", trace.toString()));
        KEPT.clear();
    }

    /** Moves everything kept since {@link #forget} to {@code target/failed/<name>-<instance>}. */
    static void save(final String name) {
        for (Path trace = KEPT.poll(); trace != null; trace = KEPT.poll()) {
            final Path to = FarshoreLab.root().resolve("tests/target/failed").resolve(name + "-" + trace.getFileName());
            Shell.script("mkdir -p " + to.getParent() + " && rm -rf " + to + " && mv " + trace + " " + to);
            System.out.println("saved logs and counters in " + to);
        }
    }
}
