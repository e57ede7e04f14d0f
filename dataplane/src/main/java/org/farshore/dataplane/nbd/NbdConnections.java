package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * All connections of a server: lets in as many as the limits allow and looks after them. Those in their handshake, which any
 * stranger can begin, have few places of their own, so that they never take those of clients at work; when these are taken,
 * a newcomer takes the place of the one that has held it longest, if that is more than {@value #HANDSHAKE_GRACE_MS} ms: a
 * real client needs less than one.
 */
final class NbdConnections implements NbdConnection.EndHandler {
    static final long HANDSHAKE_GRACE_MS = 1000;
    private static final long STACK_LENGTH = 256 << 10;

    private final NbdServerContext context;
    private final NbdConnection.Shared shared;
    private final Set<NbdConnection> connections = new HashSet<>();
    private long threadCount;
    private boolean closed;

    NbdConnections(final NbdServerContext context, final NbdConnection.Shared shared) {
        this.context = context;
        this.shared = shared;
    }

    /** Takes an accepted socket: gives it a thread, or closes it. */
    void admit(final SocketChannel channel, final long nowNs) {
        final NbdCloseReason refusal = refusal(nowNs);
        if (refusal != null) {
            shared.counters().refused(refusal);
            close(channel);
            return;
        }
        final NbdConnection connection = new NbdConnection(channel, shared, this, nowNs);
        synchronized (this) {
            connections.add(connection);
        }
        shared.counters().opened();
        final Thread thread = new Thread(null, connection, "nbd-" + ++threadCount, STACK_LENGTH);
        thread.setDaemon(true);
        thread.start();
    }

    private NbdCloseReason refusal(final long nowNs) {
        NbdConnection oldest = null;
        synchronized (this) {
            if (closed) {
                return NbdCloseReason.STOPPED;
            }
            if (connections.size() >= context.connectionCountMax()) {
                return NbdCloseReason.SERVER_FULL;
            }
            int handshakes = 0;
            for (final NbdConnection connection : connections) {
                if (connection.isInHandshake()) {
                    handshakes++;
                    if (oldest == null || connection.acceptedNs() - oldest.acceptedNs() < 0) {
                        oldest = connection;
                    }
                }
            }
            if (handshakes < context.handshakeCountMax()) {
                return null;
            }
        }
        if (nowNs - oldest.acceptedNs() < TimeUnit.MILLISECONDS.toNanos(HANDSHAKE_GRACE_MS)) {
            return NbdCloseReason.HANDSHAKES_FULL;
        }
        oldest.cut(NbdCloseReason.HANDSHAKE_LIMIT);
        return null;
    }

    private void close(final SocketChannel channel) {
        try {
            channel.close();
        } catch (final IOException e) {
            shared.errorHandler().onError(e);
        }
    }

    /** Looks at every connection once. */
    void check(final long nowNs) {
        for (final NbdConnection connection : copy()) {
            connection.check(nowNs, context);
        }
    }

    synchronized int count() {
        return connections.size();
    }

    private synchronized List<NbdConnection> copy() {
        return new ArrayList<>(connections);
    }

    @Override
    public void onEnd(final NbdConnection connection, final NbdCloseReason reason) {
        shared.counters().ended(reason);
        synchronized (this) {
            connections.remove(connection);
            notifyAll();
        }
    }

    /** Lets nobody in any more, ends all connections, and waits for their threads; true when all have ended. */
    boolean close(final long timeoutMs) throws InterruptedException {
        synchronized (this) {
            closed = true;
        }
        final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        copy().forEach(NbdConnection::finish);
        awaitEmpty(deadlineNs - TimeUnit.MILLISECONDS.toNanos(timeoutMs / 2));
        copy().forEach(connection -> connection.cut(NbdCloseReason.STOPPED));
        return awaitEmpty(deadlineNs);
    }

    private synchronized boolean awaitEmpty(final long deadlineNs) throws InterruptedException {
        long leftNs = deadlineNs - System.nanoTime();
        while (!connections.isEmpty() && leftNs > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, leftNs);
            leftNs = deadlineNs - System.nanoTime();
        }
        return connections.isEmpty();
    }
}
