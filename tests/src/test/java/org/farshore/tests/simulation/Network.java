package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.ship.AeronLinks;

/**
 * The network of a world: two hops, at the level of the {@code Links} seam.
 *
 * <p>What Aeron promises is not taken away here: within one stream messages come whole, once, in order and without a hole.
 * (That is Aeron's own loss, duplication and reordering of datagrams, hidden by its retransmissions, and tried on real
 * sockets in {@code AeronLinksTest}.) Everything that it does not promise may happen: how long a message takes, in which
 * order messages of two streams, two directions or two connections come, what of the things under way is still read when
 * a connection ends, when either end learns of that, whether a claim finds room, and, since UDP's checksum is no
 * protection, that a message comes with another bit.
 */
final class Network {
    private static final int REFUSED_NODES = 3;
    private static final long IMAGE_TIMEOUT_NS = 5_000_000_000L;

    private final VirtualTime time;
    private final Dice dice;
    private final EventHash hash;
    private final Tally tally;
    private final int windowLength;
    private final Hop[] hops = new Hop[2];
    private final int[] refusals = new int[REFUSED_NODES];
    private final List<Connection> connections = new ArrayList<>();
    private final List<NodeLinks> listeners = new ArrayList<>();
    private MessageWatch watch = (connection, up, bytes) -> {};
    private long connectionCount;

    /** Sees every message as it is sent. */
    interface MessageWatch {
        void onMessage(Connection connection, boolean up, byte[] bytes);
    }

    Network(
            final VirtualTime time,
            final Dice dice,
            final EventHash hash,
            final Tally tally,
            final long latencyNs,
            final int windowLength) {
        this.time = time;
        this.dice = dice;
        this.hash = hash;
        this.tally = tally;
        this.windowLength = windowLength;
        hops[0] = new Hop(0, latencyNs);
        hops[1] = new Hop(1, latencyNs);
    }

    void watch(final MessageWatch value) {
        watch = value;
    }

    /** The network for a new process. */
    NodeLinks linksOf(final Node node, final UnsafeBuffer out, final UnsafeBuffer in) {
        return new NodeLinks(this, node, out, in);
    }

    Hop hop(final int index) {
        return hops[index];
    }

    long now() {
        return time.nowNs();
    }

    Dice dice() {
        return dice;
    }

    int windowLength() {
        return windowLength;
    }

    /** How long an end takes to notice that the other is gone. */
    long noticeNs() {
        return dice.oneIn(3) ? dice.between(0, IMAGE_TIMEOUT_NS) : dice.between(0, 50_000_000L);
    }

    // faults

    void breakHop(final int hop, final int permille) {
        for (final Connection connection : connections) {
            if (connection.hop.index() == hop) {
                connection.breakNow(permille);
            }
        }
    }

    void stall(final int hop, final int direction, final long durationNs) {
        hops[hop].stall(direction, now() + durationNs);
        if (durationNs > IMAGE_TIMEOUT_NS) {
            for (final Connection connection : connections) {
                if (connection.hop.index() == hop) {
                    connection.breakNs = Math.min(connection.breakNs, now() + IMAGE_TIMEOUT_NS);
                }
            }
        }
    }

    void refuse(final int node, final int count) {
        refusals[node] += count;
    }

    boolean refuses(final Node node) {
        if (refusals[node.index()] == 0) {
            return false;
        }
        refusals[node.index()]--;
        tally.reached(Rarity.CLAIM_REFUSED);
        return true;
    }

    void heal() {
        hops[0].heal();
        hops[1].heal();
        java.util.Arrays.fill(refusals, 0);
    }

    // connections

    Connection newConnection(final NodeLinks from, final String endpoint) {
        final Hop hop = hops[from.node().index() == Node.AGENT ? 0 : 1];
        if (AeronLinks.PEERS_MAX_DEFAULT < connections.size()) {
            throw new Violation("I7", connections.size() + " connections at once");
        }
        final Connection connection = new Connection(this, hop, from, ++connectionCount);
        connections.add(connection);
        hash.add(1, connection.number);
        return connection;
    }

    /** Brings a connection to the receiver that listens now; false when there is none. */
    boolean meet(final Connection connection) {
        if (connection.hop.isPartitioned(now())) {
            return false;
        }
        for (final NodeLinks listener : listeners) {
            if (listener.node().isAlive()
                    && listener.node().index() == connection.sender.node().index() + 1) {
                listener.meet(connection);
                hash.add(2, connection.number);
                return true;
            }
        }
        return false;
    }

    /** A receiver that begins refuses streams that began with an earlier one: their senders learn of it at once. */
    void listen(final NodeLinks links) {
        for (final Connection connection : connections) {
            if (connection.peer != null && connection.peer.receiver().node() == links.node()) {
                connection.senderLostNs = Math.min(connection.senderLostNs, now() + connection.hop.latencyNs());
            }
        }
        listeners.add(links);
    }

    void unlisten(final NodeLinks links) {
        listeners.remove(links);
    }

    void died(final NodeLinks links) {
        unlisten(links);
        links.died();
    }

    void send(final Pipe pipe, final Connection connection, final boolean up, final byte[] bytes) {
        watch.onMessage(connection, up, bytes);
        final boolean isData = pipe == connection.data;
        if (isData && connection.hop.corrupt(bytes)) {
            tally.reached(Rarity.MESSAGE_CORRUPTED);
        }
        hash.add(up ? 3 : 4, connection.number);
        hash.addBytes(bytes, bytes.length);
        final long latencyNs = connection.hop.latencyNs();
        pipe.add(bytes, now() + latencyNs + dice.between(0, latencyNs / 4) + connection.hop.extraNs(now()));
    }

    /** Forgets what is over, breaks what has timed out. */
    void advance() {
        for (int i = connections.size() - 1; i >= 0; i--) {
            final Connection connection = connections.get(i);
            if (now() >= connection.breakNs) {
                connection.breakNs = Connection.NEVER;
                connection.breakNow(0);
            }
            if (connection.isOver()) {
                connections.remove(i);
            }
        }
    }
}
