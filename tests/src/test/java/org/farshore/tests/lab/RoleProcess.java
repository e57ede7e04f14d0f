package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** One life of a role: a real process, started by the launcher that users have. */
public final class RoleProcess {
    private final Role role;
    private final Process process;
    private final Path aeronDirectory;
    private final Path log;
    private final long startedNs = System.nanoTime();
    private RoleCounters counters;
    private long upAfterMs = -1;

    private RoleProcess(final Role role, final Process process, final Path aeronDirectory, final Path log) {
        this.role = role;
        this.process = process;
        this.aeronDirectory = aeronDirectory;
        this.log = log;
    }

    static RoleProcess start(
            final Role role,
            final List<String> prefix,
            final Path config,
            final Path aeronDirectory,
            final Path log,
            final Map<String, String> environment) {
        final List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(FarshoreLab.launcher().toString(), role.verb(), "--config", config.toString()));
        try {
            Files.writeString(
                    log,
                    "--- " + String.join(" ", command) + "\n",
                    StandardCharsets.UTF_8,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            final ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().putAll(environment);
            return new RoleProcess(role, builder.start(), aeronDirectory, log);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Role role() {
        return role;
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Process id of the role itself, which may be a child of what was started. */
    public long rolePid() {
        return counters.sum(ReplicationCounter.ROLE_PID);
    }

    /** Milliseconds from the launcher's start until the role published its process id. */
    public long upAfterMs() {
        return upAfterMs;
    }

    /** Waits until the role's counters tell this process's id. */
    public RoleProcess awaitUp(final Duration limit) {
        Await.until(
                role.verb() + " is up",
                limit,
                () -> {
                    if (!process.isAlive()) {
                        throw new AssertionError(role.verb() + " ended with " + process.exitValue() + ":\n" + tail());
                    }
                    return isUp();
                },
                this::tail);
        upAfterMs = (System.nanoTime() - startedNs) / 1_000_000;
        return this;
    }

    /** True when the role's counters tell this process's id. */
    boolean isUp() {
        if (counters != null) {
            return true;
        }
        final RoleCounters found = RoleCounters.tryOpen(aeronDirectory);
        if (found == null) {
            return false;
        }
        final long pid = found.sum(ReplicationCounter.ROLE_PID);
        final boolean ours =
                pid == process.pid() || process.descendants().anyMatch(descendant -> descendant.pid() == pid);
        if (pid != 0 && ours) {
            counters = found;
        } else {
            found.close();
        }
        return counters != null;
    }

    /** The counters of this life, also after its end; null before it was up. */
    public RoleCounters counters() {
        return counters;
    }

    /** Waits for the process to end by itself and returns its exit code. */
    public int awaitExit(final Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(role.verb() + " did not end within " + limit + ":\n" + tail());
            }
            return process.exitValue();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** SIGKILL, to this process alone. */
    public void kill() {
        try {
            Shell.endTree(process);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** SIGTERM, and SIGKILL when that does not help within ten seconds. Returns the exit code. */
    public int stop() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                kill();
                throw new AssertionError(role.verb() + " did not end within 10 s of SIGTERM:\n" + tail());
            }
            return process.exitValue();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Everything that this life of the role has printed. */
    public String log() {
        try {
            final String text = Files.readString(log, StandardCharsets.UTF_8);
            return text.substring(text.indexOf('\n', text.lastIndexOf("\n--- ") + 1) + 1);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The last lines that the role printed. */
    public String tail() {
        try {
            final List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size())) + "\n";
        } catch (final IOException e) {
            return "(no log: " + e.getMessage() + ")\n";
        }
    }
}
