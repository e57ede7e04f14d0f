package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** A server on a unix socket in a directory of its own, with its counters and the faults it reported. */
final class NbdServerRig implements AutoCloseable {
    private static final long AWAIT_NS = 20_000_000_000L;

    final Path directory;
    final Path socket;
    final HeapCounters counters = new HeapCounters();
    final List<Throwable> faults = new CopyOnWriteArrayList<>();
    final NbdServer server;

    NbdServerRig() {
        this(context -> context);
    }

    NbdServerRig(final UnaryOperator<NbdServerContext> settings) {
        try {
            directory = Files.createTempDirectory("nbd");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        socket = directory.resolve("socket");
        server = NbdServer.launch(settings.apply(new NbdServerContext()
                .unixSocket(socket)
                .counterFactory(counters)
                .errorHandler(faults::add)));
    }

    /** A server that serves one export under the name "disk". */
    static NbdServerRig with(final NbdExport export) {
        final NbdServerRig rig = new NbdServerRig();
        rig.server.add("disk", export);
        return rig;
    }

    long closed(final NbdCloseReason reason) {
        return counters.get(ReplicationCounter.NBD_CLOSED, reason.label());
    }

    long count(final ReplicationCounter counter) {
        return counters.get(counter, "");
    }

    /** Waits until another thread of the server has done its part. */
    static void await(final String what, final BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + AWAIT_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNs > 0) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    void awaitClosed(final NbdCloseReason reason, final long count) {
        await(count + " connections ended by " + reason, () -> closed(reason) >= count);
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(directory);
    }
}
