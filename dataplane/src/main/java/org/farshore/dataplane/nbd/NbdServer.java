package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;

/**
 * Serves disks over NBD, on a unix socket, a TCP address, or both. Exports come and go while it runs.
 *
 * <p><b>Threads.</b> One accepts and guards the time limits. Each connection has one of its own, which blocks: on its
 * client, or on the disk behind its export, and in neither case does anybody else wait. The other way, one thread with a
 * selector for all, was measured on two cores before this was written (4 KiB reads of a cached file, unix sockets): with
 * one request in flight three quarters as many per second, with four connections of sixteen in flight less than half; and one
 * slow disk would have held up all clients. The number of threads is bounded by the number of connections.
 *
 * <p><b>What a client can do.</b> Hold one place of a limited number, one thread, 1.4 MiB, and its own connection up. See
 * {@link NbdServerContext} for the limits, {@link NbdCloseReason} for what is counted.
 *
 * <p>Any thread may call.
 */
public final class NbdServer implements AutoCloseable {
    private static final StateLog LOG = StateLog.of(NbdServer.class);
    private static final long CLOSE_TIMEOUT_MS = 10_000;
    /** The guard looks at all connections this often; limits are kept to within this time. */
    private static final long GUARD_INTERVAL_MS = 250;
    /** Rest after an accept that failed. */
    private static final long ACCEPT_PAUSE_NS = 100_000_000;

    private final NbdServerContext context;
    private final List<NbdListener> listeners = new ArrayList<>();
    private final NbdExports exports;
    private final NbdCounters counters;
    private final NbdConnections connections;
    private final Selector selector;
    private final Thread thread;
    private volatile boolean closed;

    private NbdServer(final NbdServerContext context) throws IOException {
        this.context = context;
        exports = new NbdExports(context.exportConnectionCountMax());
        selector = Selector.open();
        try {
            if (context.unixSocket() != null) {
                listeners.add(NbdListener.unix(context.unixSocket()));
            }
            if (context.tcpAddress() != null) {
                listeners.add(NbdListener.tcp(context.tcpAddress()));
            }
            for (final NbdListener listener : listeners) {
                listener.channel().register(selector, SelectionKey.OP_ACCEPT, listener);
            }
        } catch (final IOException | RuntimeException e) {
            closeListeners();
            throw e;
        }
        counters = new NbdCounters(context.counterFactory());
        connections = new NbdConnections(
                context, new NbdConnection.Shared(exports, new NbdBuffers.Pool(), counters, context.errorHandler()));
        thread = new Thread(this::acceptAndGuard, "nbd-accept");
        thread.setDaemon(true);
    }

    /**
     * Listens and serves from now on.
     *
     * @throws FarshoreException CONFIGURATION when it must not listen there, STORAGE when it cannot.
     */
    public static NbdServer launch(final NbdServerContext context) {
        try {
            final NbdServer server = new NbdServer(context.conclude());
            server.thread.start();
            return server;
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "NBD server: " + e.getMessage(), e);
        }
    }

    /**
     * Serves an export under a name from now on.
     *
     * @param name 1 to 255 bytes of UTF-8 without control characters; never use one name for two states of a disk, since
     *     clients reconnect by name.
     * @throws IllegalArgumentException when the name is taken or cannot be one, or the export's facts do not fit together.
     */
    public void add(final String name, final NbdExport export) {
        final int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > NbdLimits.NAME_LENGTH_MAX || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("'" + name + "' cannot be the name of an export");
        }
        checkFacts(name, export);
        if (!exports.add(name, export)) {
            throw new IllegalArgumentException("there is an export '" + name + "' already");
        }
        LOG.info("nbd", name, "state", "served", "bytes", export.sizeBytes(), "readonly", export.isReadOnly());
    }

    private static void checkFacts(final String name, final NbdExport export) {
        final int minimum = export.minimumBlockLength();
        final int preferred = export.preferredBlockLength();
        final boolean sizes = (minimum == 1 || minimum == 512)
                && Integer.bitCount(preferred) == 1
                && preferred >= 512
                && preferred <= 65_536
                && export.sizeBytes() >= 0
                && export.sizeBytes() % minimum == 0;
        if (!sizes || export.description().length() > NbdLimits.MESSAGE_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "export '" + name + "': size " + export.sizeBytes() + ", blocks " + minimum + " and " + preferred
                            + ", description '" + export.description() + "' do not fit the protocol");
        }
    }

    /**
     * Takes an export away: nobody finds it any more, what its clients have sent is answered, and their connections end.
     *
     * @param timeoutMs how long to wait for clients and for calls into the export.
     * @return true when nothing uses the export any more, so that it may be closed; false when a call into it still runs.
     */
    public boolean remove(final String name, final long timeoutMs) throws InterruptedException {
        final boolean free = exports.remove(name, timeoutMs);
        LOG.info("nbd", name, "state", free ? "removed" : "removing");
        return free;
    }

    /** As {@link #remove}; who is interrupted while waiting is told that a call still runs, and stays interrupted. */
    public boolean tryRemove(final String name, final long timeoutMs) {
        try {
            return remove(name, timeoutMs);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** How users reach an export: one URI for each place the server listens at. */
    public List<String> uris(final String name) {
        return listeners.stream().map(listener -> listener.uri(name)).toList();
    }

    /** Connections open now to the export of this name. */
    public int connectionCount(final String name) {
        final NbdExports.Slot slot = exports.find(name);
        return slot == null ? 0 : slot.connectionCount();
    }

    private void acceptAndGuard() {
        long checkedNs = context.clocks().nanoTime();
        while (!closed) {
            try {
                selector.select(GUARD_INTERVAL_MS);
                final long nowNs = context.clocks().nanoTime();
                acceptAll(nowNs);
                if (nowNs - checkedNs >= GUARD_INTERVAL_MS * 1_000_000 / 2) {
                    checkedNs = nowNs;
                    connections.check(nowNs);
                }
            } catch (final ClosedSelectorException e) {
                return;
            } catch (final Throwable e) {
                context.errorHandler().onError(e);
            }
        }
    }

    private void acceptAll(final long nowNs) throws IOException {
        for (final SelectionKey key : selector.selectedKeys()) {
            final NbdListener listener = (NbdListener) key.attachment();
            try {
                for (SocketChannel client = listener.accept(); client != null; client = listener.accept()) {
                    connections.admit(client, nowNs);
                }
            } catch (final IOException e) {
                // Most likely no file descriptors are left: the client stays in the backlog and is tried again.
                context.errorHandler().onError(e);
                LockSupport.parkNanos(ACCEPT_PAUSE_NS);
            }
        }
        selector.selectedKeys().clear();
    }

    private void closeListeners() throws IOException {
        for (final NbdListener listener : listeners) {
            listener.close();
        }
        selector.close();
    }

    /** Stops listening, answers what has arrived, ends all connections. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            selector.wakeup();
            thread.join();
            closeListeners();
            if (!connections.close(CLOSE_TIMEOUT_MS)) {
                LOG.warn("nbd", "server", "state", "closed", "connections", connections.count());
                return; // Its threads still count.
            }
            counters.close();
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "NBD server: cannot close: " + e.getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
