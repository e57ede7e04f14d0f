package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A disk in memory that refuses writes, or stands still, when told to: nbdkit behind a FUSE file behind a loop device. What
 * it refuses has passed the page cache like any write of a real disk that breaks during write-back.
 */
public final class FailingDisk implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Path directory;
    private final Process server;
    private final Process fuse;
    private LoopDevice device;

    private FailingDisk(final Path directory, final Process server, final Process fuse) {
        this.directory = directory;
        this.server = server;
        this.fuse = fuse;
    }

    public static FailingDisk create(final FarshoreLab lab, final String name, final long length) {
        final Path directory = lab.directory().resolve(name);
        try {
            Files.createDirectories(directory.resolve("mnt"));
            final Path socket = directory.resolve("socket");
            final Process server = start(
                    directory,
                    "nbdkit",
                    "-f",
                    "-U",
                    socket.toString(),
                    "--filter=error",
                    "memory",
                    Long.toString(length),
                    "error-pwrite=EIO",
                    "error-pwrite-rate=100%",
                    "error-pwrite-file=" + directory.resolve("refuse"));
            Await.until("nbdkit listens", LIMIT, () -> Files.exists(socket));
            final Path file = directory.resolve("mnt").resolve("disk.img");
            final Process fuse = start(directory, "nbdfuse", file.toString(), "--unix", socket.toString());
            final FailingDisk disk = lab.onClose(new FailingDisk(directory, server, fuse));
            Await.until("nbdfuse shows the disk", LIMIT, () -> Files.exists(file));
            disk.device = LoopDevice.on(file);
            return disk;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Process start(final Path directory, final String... command) throws IOException {
        return new ProcessBuilder(List.of(command))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()))
                .start();
    }

    public LoopDevice device() {
        return device;
    }

    /** From now on every write ends with EIO; {@code false} makes the disk good again. */
    public void refuseWrites(final boolean refuse) {
        Shell.must(refuse ? "touch" : "rm", directory.resolve("refuse").toString());
    }

    /** Nothing is answered any more until {@code false}. */
    public void standStill(final boolean still) {
        Shell.must("kill", still ? "-STOP" : "-CONT", Long.toString(server.pid()));
    }

    @Override
    public void close() {
        Shell.attempt("kill", "-CONT", Long.toString(server.pid()));
        Shell.attempt("losetup", "-d", device == null ? "none" : device.path().toString());
        Shell.attempt("umount", directory.resolve("mnt").toString());
        try {
            Shell.endTree(fuse);
            Shell.endTree(server);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
