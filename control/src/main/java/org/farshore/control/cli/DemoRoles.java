package org.farshore.control.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;
import org.farshore.dataplane.runtime.RoleSampler;

/**
 * The three roles of the demo, as real processes started by the launcher, each from its own settings file. They know
 * nothing of the demo. One thread, except {@link #killAll}.
 */
final class DemoRoles {
    /** In the order in which they are started: who is called before who calls. */
    enum Role {
        MASTER_TARGET("master-target"),
        PROCESS_SERVER("process-server"),
        AGENT("agent");

        private final String word;

        Role(final String word) {
            this.word = word;
        }

        /** As on the command line and in settings. */
        String word() {
            return word;
        }
    }

    private static final Duration UP_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
    private static final long POLL_MS = 50;
    private static final int LOG_LINES = 15;
    private static final int PORT_MIN = 20_000;
    private static final int PORT_RANGE = 10_000;
    private static final int PORT_TRIES = 200;
    /** What the workload writes meanwhile has room in the journal. */
    private static final String RETENTION_WINDOW = "2m";

    private final Path launcher;
    private final Path directory;
    private final String instance;
    private final Map<Role, Map<String, String>> settings = new EnumMap<>(Role.class);
    private final Map<Role, Process> processes = new EnumMap<>(Role.class);

    DemoRoles(final Path launcher, final Path directory, final String instance) {
        this.launcher = launcher;
        this.directory = directory;
        this.instance = instance;
    }

    /** Decides ports and settings and writes the three files. */
    void configure(final String capture, final List<DemoDisk> disks) throws IOException {
        final int port = freePorts();
        for (final Role role : Role.values()) {
            settings.put(role, new LinkedHashMap<>());
            set(role, "instance", instance);
            if (role != Role.PROCESS_SERVER) {
                set(role, "data.directory", dataDirectory(role).toString());
            }
        }
        set(Role.MASTER_TARGET, "listen", "127.0.0.1:" + (port + 2));
        set(Role.MASTER_TARGET, "machines", "*");
        set(Role.MASTER_TARGET, "retention.window", RETENTION_WINDOW);
        set(Role.PROCESS_SERVER, "listen", "127.0.0.1:" + port);
        set(Role.PROCESS_SERVER, "master-target", "127.0.0.1:" + (port + 2));
        set(Role.AGENT, "process-server", "127.0.0.1:" + port);
        set(Role.AGENT, "capture", capture);
        set(Role.AGENT, "bpf.directory", DemoCleanup.pins(instance).toString());
        for (final DemoDisk disk : disks) {
            set(Role.AGENT, "volume." + disk.name(), disk.device().toString());
        }
        for (final Role role : Role.values()) {
            writeConfig(role);
        }
    }

    /** Changes the kind of capture; counts from the agent's next start. */
    void configureCapture(final String capture) throws IOException {
        set(Role.AGENT, "capture", capture);
        writeConfig(Role.AGENT);
    }

    private void writeConfig(final Role role) throws IOException {
        final StringBuilder text = new StringBuilder();
        settings.get(role)
                .forEach((key, value) ->
                        text.append(key).append('=').append(value).append('\n'));
        Files.writeString(config(role), text, StandardCharsets.UTF_8);
    }

    private void set(final Role role, final String thing, final String value) {
        settings.get(role).put("farshore." + role.word() + "." + thing, value);
    }

    /** First of four UDP ports in a row that are free: two for each of the two hops. */
    private static int freePorts() throws IOException {
        for (int i = 0; i < PORT_TRIES; i++) {
            final int port = PORT_MIN + ThreadLocalRandom.current().nextInt(PORT_RANGE) / 4 * 4;
            boolean free = true;
            for (int offset = 0; offset < 4 && free; offset++) {
                free = isFree(port + offset);
            }
            if (free) {
                return port;
            }
        }
        throw new IOException("found no four free UDP ports in a row");
    }

    private static boolean isFree(final int port) {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (final IOException e) {
            return false;
        }
    }

    Path dataDirectory(final Role role) {
        return directory.resolve(role.word());
    }

    Path config(final Role role) {
        return directory.resolve(role.word() + ".properties");
    }

    private Path log(final Role role) {
        return directory.resolve(role.word() + ".log");
    }

    private Path sharedMemory(final Role role) {
        return RoleSampler.SHARED_MEMORY.resolve("farshore-" + role.word() + "-" + instance);
    }

    /** Starts a role without waiting for it. */
    void launch(final Role role) throws IOException {
        final List<String> command = List.of(
                launcher.toString(), role.word(), "--config", config(role).toString());
        processes.put(
                role,
                Commands.start(
                        command, ProcessBuilder.Redirect.appendTo(log(role).toFile())));
        processes.get(role).getOutputStream().close();
    }

    /** Waits until a role that was launched shows its own process id in its counters. */
    void awaitUp(final Role role) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + UP_LIMIT.toNanos();
        while (!isUp(role)) {
            checkAlive(role);
            if (System.nanoTime() > deadlineNs) {
                throw new CommandException(role.word() + " did not come up within " + UP_LIMIT.toSeconds() + " s");
            }
            Thread.sleep(POLL_MS);
        }
    }

    private boolean isUp(final Role role) {
        final RoleSample sample = sample(role);
        return sample != null
                && sample.pid() == pid(role)
                && sample.life() == RoleSample.Life.RUNNING
                && sample.has(ReplicationCounter.ROLE_PID);
    }

    /** The role's counters, or null while it has none. */
    RoleSample sample(final Role role) {
        return RoleSampler.read(sharedMemory(role));
    }

    long pid(final Role role) {
        return processes.get(role).pid();
    }

    /** Throws when this role has ended, with its exit code. */
    void checkAlive(final Role role) {
        final Process process = processes.get(role);
        if (!process.isAlive()) {
            throw new RoleEndedException(role, process.exitValue());
        }
    }

    /** A role ended although nobody asked it to. */
    static final class RoleEndedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final Role role;
        private final int exitCode;

        RoleEndedException(final Role role, final int exitCode) {
            super(role.word() + " ended by itself with exit code " + exitCode);
            this.role = role;
            this.exitCode = exitCode;
        }

        Role role() {
            return role;
        }

        int exitCode() {
            return exitCode;
        }
    }

    /** SIGKILL; returns when the process is gone. */
    void kill(final Role role) {
        final Process process = processes.get(role);
        process.destroyForcibly();
        Commands.await(process, KILL_LIMIT);
    }

    /** Asks a role to end, and waits for it. Returns what is wrong with how it ended, or an empty text. */
    String stop(final Role role) {
        final Process process = processes.get(role);
        process.destroy();
        if (!Commands.await(process, STOP_LIMIT)) {
            return role.word() + " did not end within " + STOP_LIMIT.toSeconds() + " s of SIGTERM and was killed";
        }
        return process.exitValue() == 0 ? "" : role.word() + " ended with exit code " + process.exitValue();
    }

    /** Kills what is left. Any thread. */
    void killAll() {
        for (final Process process : List.copyOf(processes.values())) {
            process.destroyForcibly();
            Commands.await(process, KILL_LIMIT);
        }
    }

    /** The counters of each role and the last lines that it printed, for somebody who wants to know why. */
    List<String> lastLines() {
        final List<String> lines = new ArrayList<>();
        for (final Role role : processes.keySet()) {
            lines.add("--- " + role.word() + ": counters and last lines");
            lines.addAll(counters(role));
            try {
                final List<String> all = Files.readAllLines(log(role), StandardCharsets.ISO_8859_1);
                lines.addAll(all.subList(Math.max(0, all.size() - LOG_LINES), all.size()));
            } catch (final IOException e) {
                lines.add("(no log: " + e.getMessage() + ")");
            }
        }
        return lines;
    }

    private List<String> counters(final Role role) {
        final RoleSample sample = sample(role);
        return sample == null
                ? List.of()
                : sample.values().stream()
                        .filter(value -> value.counter() != null && value.value() != 0)
                        .map(value -> "    " + value.label() + " " + value.subject() + " = " + value.value())
                        .toList();
    }
}
