package org.farshore.control.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.farshore.dataplane.runtime.RoleSampler;

/**
 * Takes away everything that a demo made. It does not remember what was made, it looks: processes whose settings lie in
 * the demo's directory, mounts below it, loop devices on files in it, shared memory that bears its instance name. So it
 * misses nothing that was made an instant before an interruption, may run any number of times, and can clean up after a
 * demo that was killed. Every step is tried, whatever became of the one before.
 */
final class DemoCleanup {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration DETACH_LIMIT = Duration.ofSeconds(60);
    private static final int UNMOUNT_TRIES = 10;
    private static final long PAUSE_MS = 300;
    private static final String OWNER = "owner";
    private static final String DIRECTORY_PREFIX = "farshore-demo-";

    private final Path launcher;
    private final Path directory;
    private final String instance;
    private final boolean keep;
    private final Consumer<String> complain;

    DemoCleanup(
            final Path launcher,
            final Path directory,
            final String instance,
            final boolean keep,
            final Consumer<String> complain) {
        this.launcher = launcher;
        this.directory = directory;
        this.instance = instance;
        this.keep = keep;
        this.complain = complain;
    }

    /** The directory of the demo with this process id. */
    static Path directory(final Path parent, final long pid) {
        return parent.resolve(DIRECTORY_PREFIX + pid);
    }

    /** The name of the roles' processes in the demo with this process id. */
    static String instance(final long pid) {
        return "demo-" + pid;
    }

    /** Where the agent of a demo pins its capture: a place of its own, that can be removed whatever the agent says. */
    static Path pins(final String instance) {
        return Path.of("/sys/fs/bpf/farshore-" + instance);
    }

    /** Cleans up after demos that were killed before they could; returns their directories. */
    static List<Path> sweep(final Path parent, final Path launcher, final Consumer<String> complain)
            throws IOException {
        final List<Path> swept = new ArrayList<>();
        try (Stream<Path> entries = Files.list(parent)) {
            for (final Path entry : entries.toList()) {
                final Optional<Long> pid = abandoned(entry);
                if (pid.isPresent()) {
                    new DemoCleanup(launcher, entry, instance(pid.get()), false, complain).run();
                    swept.add(entry);
                }
            }
        }
        return swept;
    }

    /** The process id that a directory's name tells, when it is a demo's, ours to remove, and that process is gone. */
    private static Optional<Long> abandoned(final Path entry) {
        final String name = entry.getFileName().toString();
        final boolean candidate =
                name.matches(DIRECTORY_PREFIX + "[0-9]{1,10}") && Files.isDirectory(entry) && Files.isWritable(entry);
        final Optional<Long> pid =
                candidate ? Optional.of(Long.parseLong(name.substring(DIRECTORY_PREFIX.length()))) : Optional.empty();
        return pid.filter(id -> ProcessHandle.of(id).isEmpty()).filter(id -> isOfOurProcesses(entry));
    }

    /** Process ids mean something only among the same processes: a container may share our folders, but not them. */
    private static boolean isOfOurProcesses(final Path directory) {
        try {
            final Path owner = directory.resolve(OWNER);
            return !Files.exists(owner)
                    || Files.readString(owner, StandardCharsets.UTF_8).equals(processNamespace());
        } catch (final IOException e) {
            return false;
        }
    }

    /** Leaves a note in a demo's directory that tells a later sweep whose processes it may ask for. */
    static void sign(final Path directory) throws IOException {
        Files.writeString(directory.resolve(OWNER), processNamespace(), StandardCharsets.UTF_8);
    }

    private static String processNamespace() throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
    }

    /** Runs every step. */
    synchronized void run() {
        attempt("end processes", this::endProcesses);
        attempt("detach the capture", this::detach);
        attempt("unpin the capture", () -> removeIfThere(pins(instance)));
        attempt("unmount", this::unmount);
        attempt("detach loop devices", this::detachLoops);
        attempt("remove shared memory", this::removeSharedMemory);
        if (keep) {
            attempt("remove work files", () -> {
                removeIfThere(directory.resolve("disks"));
                removeIfThere(directory.resolve("mounts"));
                removeIfThere(directory.resolve("staging"));
            });
        } else {
            attempt("remove " + directory, () -> removeIfThere(directory));
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    private void attempt(final String what, final Step step) {
        try {
            step.run();
        } catch (final InterruptedException e) {
            complain.accept("clean-up: " + what + " was interrupted");
        } catch (final IOException | RuntimeException e) {
            complain.accept("clean-up: could not " + what + ": " + e.getMessage());
        }
    }

    /** Ends every process that was started with a settings file in our directory. */
    private void endProcesses() throws InterruptedException {
        for (int i = 0; i < UNMOUNT_TRIES; i++) {
            final List<ProcessHandle> left =
                    ProcessHandle.allProcesses().filter(this::isOurs).toList();
            if (left.isEmpty()) {
                return;
            }
            left.forEach(ProcessHandle::destroyForcibly);
            Thread.sleep(PAUSE_MS);
        }
    }

    private boolean isOurs(final ProcessHandle process) {
        try {
            final String line =
                    Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1);
            return process.pid() != ProcessHandle.current().pid() && line.contains("\0--config\0" + directory + "/");
        } catch (final IOException e) {
            return false;
        }
    }

    /** Takes the capture programs out of the kernel; an agent that scans, or that never came up, put none there. */
    private void detach() throws IOException {
        final Path config = directory.resolve(DemoRoles.Role.AGENT.word() + ".properties");
        final boolean captured = Files.exists(directory.resolve(DemoRoles.Role.AGENT.word()))
                && Files.readString(config, StandardCharsets.UTF_8).contains("capture=ebpf");
        if (!captured) {
            return;
        }
        Commands.must(DETACH_LIMIT, launcher.toString(), "agent", "--config", config.toString(), "--detach");
    }

    private void unmount() throws IOException, InterruptedException {
        final List<String> points = mountPoints();
        for (final String point : points) {
            for (int i = 1; !Commands.run(LIMIT, List.of("umount", point)).ok(); i++) {
                if (i == UNMOUNT_TRIES) {
                    Commands.must(LIMIT, "umount", "--lazy", point);
                    break;
                }
                Thread.sleep(PAUSE_MS);
            }
        }
    }

    /** Mount points below our directory, the deepest first. */
    private List<String> mountPoints() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/mounts"), StandardCharsets.ISO_8859_1)) {
            return lines.map(line -> line.split(" ")[1])
                    .filter(point -> point.startsWith(directory + "/"))
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
    }

    private void detachLoops() throws IOException {
        final Path blocks = Path.of("/sys/block");
        if (!Files.isDirectory(blocks)) {
            return;
        }
        try (Stream<Path> entries = Files.list(blocks)) {
            for (final Path entry : entries.toList()) {
                final Path backing = entry.resolve("loop").resolve("backing_file");
                if (Files.exists(backing) && backingFile(backing).startsWith(directory + "/")) {
                    Commands.must(LIMIT, "losetup", "--detach", "/dev/" + entry.getFileName());
                }
            }
        }
    }

    private static String backingFile(final Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (final IOException e) {
            return ""; // detached while we looked
        }
    }

    private void removeSharedMemory() throws IOException {
        for (final Path path : RoleSampler.directories(RoleSampler.SHARED_MEMORY)) {
            if (path.getFileName().toString().endsWith("-" + instance)) {
                removeIfThere(path);
            }
        }
    }

    private static void removeIfThere(final Path path) throws IOException {
        if (Files.exists(path)) {
            FileTree.removeTree(path);
        }
    }
}
