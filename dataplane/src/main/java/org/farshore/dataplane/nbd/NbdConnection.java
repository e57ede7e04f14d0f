package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.ErrorHandler;

/**
 * One client: its socket, its thread (this is what the thread runs), and what the guard may do to it from outside. Whatever
 * happens in here ends this connection and nothing else.
 */
final class NbdConnection implements Runnable, NbdHandshake.Gate {
    /** What all connections of a server share. */
    record Shared(NbdExports exports, NbdBuffers.Pool buffers, NbdCounters counters, ErrorHandler errorHandler) {}

    /** Told when a connection has let go of everything it held. */
    interface EndHandler {
        void onEnd(NbdConnection connection, NbdCloseReason reason);
    }

    private final SocketChannel channel;
    private final Shared shared;
    private final EndHandler endHandler;
    private final long acceptedNs;
    private final AtomicReference<NbdCloseReason> cut = new AtomicReference<>();

    // Made by the connection's thread, looked at by the guard.
    private volatile NbdWire wire;
    private volatile NbdSession session;
    private volatile boolean finishing;

    // The connection's thread alone.
    private NbdExports.Slot slot;
    private NbdAccess access;

    // The guard's thread alone.
    private long seenActivity = -1;
    private long seenNs;

    NbdConnection(
            final SocketChannel channel, final Shared shared, final EndHandler endHandler, final long acceptedNs) {
        this.channel = channel;
        this.shared = shared;
        this.endHandler = endHandler;
        this.acceptedNs = acceptedNs;
    }

    @Override
    public void run() {
        NbdCloseReason reason = NbdCloseReason.FAULT;
        NbdBuffers buffers = null;
        try {
            buffers = shared.buffers().take();
            wire = new NbdWire(channel, buffers);
            reason = converse(buffers);
        } catch (final NbdDisconnect e) {
            reason = e.reason();
        } catch (final IOException e) {
            reason = NbdCloseReason.LOST;
        } catch (final Throwable e) {
            shared.errorHandler().onError(e);
        } finally {
            end(buffers, reason);
        }
    }

    private NbdCloseReason converse(final NbdBuffers buffers) throws IOException {
        final NbdAgreement agreed = new NbdHandshake(wire, shared.exports(), this).run();
        if (agreed == null) {
            return NbdCloseReason.DONE;
        }
        final NbdTally tally = new NbdTally(shared.counters());
        final NbdSession made = new NbdSession(wire, agreed, access, buffers.extents, tally);
        session = made;
        if (finishing) {
            made.finish();
        }
        try {
            return made.run();
        } finally {
            tally.publish();
        }
    }

    @Override
    public String enter(final NbdExports.Slot wanted) {
        if (!wanted.enter(this)) {
            return "export has as many connections as it may have, or is being taken away";
        }
        try {
            access = wanted.export().open();
        } catch (final IOException e) {
            wanted.leave(this);
            shared.errorHandler().onError(e);
            return "export cannot be opened now";
        }
        slot = wanted;
        return null;
    }

    private void end(final NbdBuffers buffers, final NbdCloseReason reason) {
        closeQuietly(access);
        closeQuietly(channel);
        if (buffers != null) {
            shared.buffers().giveBack(buffers);
        }
        final NbdCloseReason first = cut.get();
        endHandler.onEnd(this, first != null ? first : finishing ? NbdCloseReason.STOPPED : reason);
        if (slot != null) {
            slot.leave(this);
        }
    }

    private void closeQuietly(final AutoCloseable resource) {
        try {
            if (resource != null) {
                resource.close();
            }
        } catch (final Exception e) {
            shared.errorHandler().onError(e);
        }
    }

    /** Answers what has arrived and ends; a request that is read after this gets ESHUTDOWN. Any thread. */
    void finish() {
        finishing = true;
        final NbdSession made = session;
        if (made != null) {
            made.finish();
        }
        try {
            channel.shutdownInput();
        } catch (final IOException e) {
            // The client was quicker: it is gone already, which is what was wanted.
            cut(NbdCloseReason.STOPPED);
        }
    }

    /** Ends the connection at once, wherever its thread waits; a call into the export is waited for. Any thread. */
    void cut(final NbdCloseReason reason) {
        if (cut.compareAndSet(null, reason)) {
            closeQuietly(channel);
        }
    }

    boolean isInHandshake() {
        return session == null;
    }

    long acceptedNs() {
        return acceptedNs;
    }

    /** Cuts the connection when it has kept the server waiting for longer than it may. The guard's thread. */
    void check(final long nowNs, final NbdServerContext limits) {
        if (isInHandshake()) {
            if (nowNs - acceptedNs >= limits.handshakeLimitNs()) {
                cut(NbdCloseReason.HANDSHAKE_LIMIT);
            }
            return;
        }
        final long activity = wire.activity();
        if (activity != seenActivity) {
            seenActivity = activity;
            seenNs = nowNs;
            return;
        }
        final long waitedNs = nowNs - seenNs;
        switch (NbdWire.stateOf(activity)) {
            case NbdWire.IDLE -> {
                if (waitedNs >= limits.idleLimitNs()) {
                    cut(NbdCloseReason.IDLE_LIMIT);
                }
            }
            case NbdWire.RECEIVING, NbdWire.SENDING -> {
                if (waitedNs >= limits.stallLimitNs()) {
                    cut(NbdCloseReason.STALLED);
                }
            }
            default -> {
                // A slow disk is not the client's fault.
            }
        }
    }
}
