package org.farshore.control.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.HumanText;

/**
 * Where a demo works and what it may do there.
 *
 * @param launcher the {@code farshore} command that starts roles.
 * @param directory everything lies below it.
 * @param root true when this process may make loop devices and mount.
 * @param capture {@code ebpf} or {@code scan}.
 * @param why why it is scan although nobody asked for it; empty otherwise.
 */
record DemoSite(
        Path launcher, Path directory, String instance, boolean keep, boolean root, String capture, String why) {
    private static final long JOURNAL_ROOM = 1L << 30;

    /** Decides all this, makes the directory, and cleans up what killed demos left. */
    static DemoSite prepare(final DemoOptions options, final DemoScreen screen) throws IOException {
        final Path launcher = findLauncher();
        final Path parent = parent();
        final long pid = ProcessHandle.current().pid();
        for (final Path swept : DemoCleanup.sweep(parent, launcher, screen::alarm)) {
            screen.note("cleaned up after a demo that was killed: " + swept);
        }
        final Machine machine = new LocalMachine();
        final boolean root = "0"
                .equals(Commands.must(java.time.Duration.ofSeconds(10), "id", "-u")
                        .trim());
        final String obstacle = obstacle(new CaptureChecks(machine));
        final boolean ebpf = switch (options.capture) {
            case EBPF -> true;
            case SCAN -> false;
            case AUTO -> obstacle.isEmpty() && root;
        };
        if (options.capture == DemoOptions.Capture.EBPF && !(obstacle.isEmpty() && root)) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE,
                    "--capture ebpf is not possible here: " + (obstacle.isEmpty() ? "only root makes disks" : obstacle)
                            + "; see farshore doctor");
        }
        if (options.device != null && !root) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "--device needs root: it is formatted and mounted");
        }
        final Path directory = options.keep == null
                ? DemoCleanup.directory(parent, pid)
                : options.keep.toAbsolutePath().normalize();
        makeEmpty(directory);
        refuseWithoutRoom(directory, options);
        if (options.keep == null) {
            DemoCleanup.sign(directory);
        }
        final String why = options.capture == DemoOptions.Capture.AUTO && !ebpf
                ? (obstacle.isEmpty() ? "not root" : obstacle)
                : "";
        return new DemoSite(
                launcher,
                directory.toRealPath(),
                DemoCleanup.instance(pid),
                options.keep != null,
                root,
                ebpf ? "ebpf" : "scan",
                why);
    }

    /** The same site with the other capture. */
    DemoSite withScan(final String reason) {
        return new DemoSite(launcher, directory, instance, keep, root, "scan", reason);
    }

    private static Path findLauncher() {
        final String home = Optional.ofNullable(System.getenv("FARSHORE_HOME"))
                .orElseThrow(() -> new FarshoreException(ExitCode.CONFIGURATION, "start the demo by ./farshore demo"));
        return Path.of(home, "farshore");
    }

    /** Not /tmp, which may be memory: disks, journal and replicas want to be read past the page cache. */
    private static Path parent() throws IOException {
        final Path preferred =
                Path.of(Optional.ofNullable(System.getenv("TMPDIR")).orElse("/var/tmp"));
        final Path parent = Files.isWritable(preferred) ? preferred : Path.of(System.getProperty("java.io.tmpdir"));
        return parent.toRealPath();
    }

    /** The first thing that stands in the way of eBPF capture, or an empty text. */
    static String obstacle(final CaptureChecks checks) {
        return Stream.of(
                        checks.privileges(),
                        checks.kernel(),
                        checks.btf(),
                        checks.lockdown(),
                        checks.bpfFileSystem(),
                        checks.libBpf(),
                        checks.captureProgram())
                .filter(check -> check.status() == Check.Status.FAIL)
                .map(check -> check.name() + ": " + check.finding())
                .findFirst()
                .orElse("");
    }

    private static void makeEmpty(final Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> entries = Files.list(directory)) {
            if (entries.findAny().isPresent()) {
                throw new FarshoreException(
                        ExitCode.USAGE, directory + " is not empty: name a new or an empty directory with --keep");
            }
        }
    }

    /** Disks are sparse, so this asks for what the workload may fill, not for their size. */
    private static void refuseWithoutRoom(final Path directory, final DemoOptions options) throws IOException {
        final long wanted = JOURNAL_ROOM + options.volumes * Math.min(options.size, 1L << 30);
        // Not by Files.getFileStore: it looks for the mount in a table that does not name the root of a chroot.
        final long free = directory.toFile().getUsableSpace();
        if (free < wanted) {
            Files.delete(directory);
            throw new FarshoreException(
                    ExitCode.UNAVAILABLE,
                    directory + " has " + HumanText.bytes(free) + " free, the demo may need " + HumanText.bytes(wanted)
                            + ": set TMPDIR or --keep to a larger disk, or take a smaller --size");
        }
    }

    /** What a run with this capture cannot show. */
    String notShown() {
        if ("ebpf".equals(capture)) {
            return "";
        }
        return "scan capture compares checksums: write order, points between two passes, and the lag of capture from"
                + " inside the kernel" + (root ? "" : "; and a filesystem that is really mounted");
    }
}
