package org.farshore.control.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.HumanText;

/**
 * The end of the demo: a marker is written and more transfers are made; then the disk is scribbled over, as by a program that
 * wants a ransom; then the second before is opened at the master target, mounted through a standard NBD client, and
 * looked at. One thread.
 */
final class DemoTimeTravel {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration FUSE_LIMIT = Duration.ofSeconds(20);
    private static final long POLL_MS = 20;
    private static final int TRANSFERS = 20;
    private static final int SCRIBBLED_MIB_MAX = 64;

    private final DemoWorkload workload;
    private final DemoDisk disk;
    private final Path directory;
    private final DemoOperator operator;
    private final DemoScreen screen;

    /** Waits until what was written to the disk is durable at the master target, and a point was cut behind it. */
    @FunctionalInterface
    interface CatchingUp {
        void await(String doing) throws InterruptedException;
    }

    /**
     * What came of it.
     *
     * @param time of the point that was opened, ISO 8601, and
     * @param sequence of it.
     * @param complaint what was not as it had been; empty when all was.
     */
    record Outcome(String time, long sequence, long openMs, String complaint) {
        boolean equal() {
            return complaint.isEmpty();
        }
    }

    DemoTimeTravel(
            final DemoWorkload workload, final Path directory, final DemoOperator operator, final DemoScreen screen) {
        this.workload = workload;
        this.disk = workload.disk();
        this.directory = directory;
        this.operator = operator;
        this.screen = screen;
    }

    /** What is missing for it here, or an empty text. */
    static String obstacle(final DemoSite site) {
        if (!site.root() || !"ebpf".equals(site.capture())) {
            return "going back in time wants root and eBPF capture";
        }
        for (final String command : List.of("nbdfuse", "losetup", "umount")) {
            if (Commands.find(command).isEmpty()) {
                return "going back in time wants " + command;
            }
        }
        return "";
    }

    /** Runs it all; the disk is unmounted before and scribbled over behind. */
    Outcome run(final CatchingUp catchingUp) throws IOException, InterruptedException {
        final String marker = leaveMarker();
        catchingUp.await("marker written, waiting for a recovery point");
        final String sourceSha = DirectDigest.sha256(disk.device(), disk.length());
        final Instant before = Instant.now();
        final int mebibytes = (int) Math.min(SCRIBBLED_MIB_MAX, disk.length() >> 20);
        Commands.must(
                LIMIT,
                "dd",
                "if=/dev/urandom",
                "of=" + disk.device(),
                "bs=1M",
                "count=" + mebibytes,
                "oflag=direct",
                "conv=notrunc",
                "status=none");
        screen.step("the disk is scribbled over: " + mebibytes + " MiB of noise, the filesystem is gone"
                + (isFileSystemThere() ? " (but blkid still finds one)" : ""));
        catchingUp.await("noise written, it is replicated like anything else");
        final JsonObject view = operator.must("view", "open", "--point", before.toString(), "--volumes", disk.name());
        final String time = view.get("time").getAsString();
        final long sequence = view.get("sequence").getAsLong();
        final long openMs = view.get("openMs").getAsLong();
        screen.step("the second before, " + time + " (sequence " + HumanText.count(sequence) + "), opened in "
                + HumanText.durationMs(openMs));
        screen.detail(view.get("uri").getAsString());
        final String complaint = look(view.get("uri").getAsString(), sourceSha, marker);
        operator.must("view", "close", view.get("view").getAsString());
        screen.step(
                complaint.isEmpty()
                        ? "there it is: every bit as before, the marker, the database with all "
                                + HumanText.count(workload.transfers()) + " transactions"
                        : "not as it was: " + complaint);
        return new Outcome(time, sequence, openMs, complaint);
    }

    private String leaveMarker() throws IOException, InterruptedException {
        disk.mount();
        final String marker = Long.toHexString(ThreadLocalRandom.current().nextLong()) + " " + Instant.now();
        Files.writeString(disk.mountPoint().resolve("marker.txt"), marker, StandardCharsets.UTF_8);
        workload.transfer(TRANSFERS);
        disk.sync();
        disk.unmount();
        screen.step("marker left on " + disk.name() + ", " + TRANSFERS + " more transactions");
        return marker;
    }

    private boolean isFileSystemThere() {
        return Commands.run(LIMIT, List.of("blkid", "-p", disk.device().toString()))
                .ok();
    }

    /** Reads the view as a disk of this machine; answers what is wrong, or an empty text. */
    private String look(final String uri, final String sourceSha, final String marker)
            throws IOException, InterruptedException {
        final Path point = Files.createDirectories(directory.resolve("mounts").resolve("view-nbd"));
        final Path file = Files.createFile(point.resolve("disk.img"));
        final Process fuse = Commands.start(
                List.of("nbdfuse", file.toString(), uri),
                java.lang.ProcessBuilder.Redirect.appendTo(
                        directory.resolve("nbdfuse.log").toFile()));
        try {
            awaitFile(fuse, file);
            final Path loop = Path.of(Commands.must(LIMIT, "losetup", "--find", "--show", file.toString())
                    .trim());
            try {
                final String viewSha = DirectDigest.sha256(loop, disk.length());
                return viewSha.equals(sourceSha)
                        ? lookInside(loop, marker)
                        : "sha-256 of the view is " + viewSha + ", that of the disk was " + sourceSha;
            } finally {
                Commands.must(LIMIT, "losetup", "--detach", loop.toString());
            }
        } finally {
            Commands.run(LIMIT, List.of("umount", file.toString()));
            Commands.await(fuse, FUSE_LIMIT);
        }
    }

    private void awaitFile(final Process fuse, final Path file) throws IOException, InterruptedException {
        final long deadlineNs = System.nanoTime() + FUSE_LIMIT.toNanos();
        while (Files.size(file) != disk.length()) {
            if (!fuse.isAlive() || System.nanoTime() > deadlineNs) {
                throw new CommandException("nbdfuse did not show the view; see " + directory.resolve("nbdfuse.log"));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    private String lookInside(final Path loop, final String marker) throws IOException, InterruptedException {
        final Path mountPoint =
                Files.createDirectories(directory.resolve("mounts").resolve("view"));
        Commands.must(LIMIT, "mount", "-t", "ext4", loop.toString(), mountPoint.toString());
        final String found;
        final String database;
        try {
            found = Files.readString(mountPoint.resolve("marker.txt"), StandardCharsets.UTF_8);
            database = SqliteLedger.check(mountPoint.resolve("db").resolve(SqliteLedger.FILE), workload.transfers());
        } finally {
            Commands.must(LIMIT, "umount", mountPoint.toString());
        }
        return found.equals(marker) ? database : "the marker says '" + found + "', not '" + marker + "'";
    }
}
