package org.farshore.tests.crashlab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.farshore.dataplane.nbd.NbdServer;
import org.farshore.dataplane.nbd.NbdServerContext;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.Shell;

/** A {@link TracedDisk} as a block device of this machine: NBD, FUSE, a loop device. */
final class TracedDevice implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String EXPORT = "disk";

    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private final NbdServer server;
    private final Path file;
    private final Process fuse;
    private LoopDevice loop;

    private TracedDevice(final Path directory, final TracedDisk disk) throws IOException {
        server = NbdServer.launch(new NbdServerContext()
                .unixSocket(directory.resolve("nbd.sock"))
                .counterFactory(new HeapCounters())
                .errorHandler(faults::add));
        server.add(EXPORT, disk);
        file = Files.createFile(directory.resolve("traced.img"));
        fuse = new ProcessBuilder(
                        "nbdfuse", file.toString(), server.uris(EXPORT).get(0))
                .redirectOutput(directory.resolve("nbdfuse.log").toFile())
                .redirectErrorStream(true)
                .start();
    }

    /** Serves the disk; sockets and logs lie in a directory of its own. */
    static TracedDevice create(final Path directory, final TracedDisk disk) throws IOException {
        final TracedDevice device = new TracedDevice(directory, disk);
        try {
            Await.until(
                    "nbdfuse shows the disk", LIMIT, () -> device.file.toFile().length() == disk.sizeBytes());
            device.loop = LoopDevice.on(device.file);
            return device;
        } catch (final RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    Path path() {
        return loop.path();
    }

    /** What went wrong in serving it; empty when its trace can be believed. */
    List<Throwable> faults() {
        return faults;
    }

    @Override
    public void close() {
        if (loop != null) {
            Shell.attempt("losetup", "-d", loop.path().toString());
        }
        Shell.attempt("fusermount3", "-u", file.toString());
        fuse.destroy();
        server.close();
    }
}
