package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.ship.Claim;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.ReceiverLink;
import org.farshore.dataplane.ship.SenderLink;

/** The network as one life of one process sees it. */
final class NodeLinks implements Links, ReceiverLink, Claim {
    private static final int HELLO_LIMIT = 4;
    private static final long SILENCE_NS = 10_000_000_000L;
    /** More of them at once than any role needs: something is never closed. */
    private static final int CONNECTIONS_MAX = 24;

    private final Network network;
    private final Node node;
    private final UnsafeBuffer out;
    private final UnsafeBuffer in;
    private final List<Connection> connections = new ArrayList<>();
    private final List<Connection.PeerEnd> peers = new ArrayList<>();
    private final List<Connection.PeerEnd> polled = new ArrayList<>();
    private String endpoint;
    private int turn;
    private Pipe claimedPipe;
    private Connection claimedConnection;
    private boolean claimedUp;
    private int claimedLength;

    NodeLinks(final Network network, final Node node, final UnsafeBuffer out, final UnsafeBuffer in) {
        this.network = network;
        this.node = node;
        this.out = out;
        this.in = in;
    }

    Node node() {
        return node;
    }

    String endpoint() {
        return endpoint;
    }

    @Override
    public SenderLink connect(final String toEndpoint) {
        final Connection connection = network.newConnection(this, toEndpoint);
        connections.add(connection);
        if (connections.size() > CONNECTIONS_MAX) {
            throw new Violation("I7", node.name() + " holds " + connections.size() + " connections open");
        }
        return connection;
    }

    @Override
    public ReceiverLink listen(final String atEndpoint) {
        endpoint = atEndpoint;
        network.listen(this);
        return this;
    }

    void onClosed(final Connection connection) {
        connections.remove(connection);
    }

    void meet(final Connection connection) {
        connection.peer = new Connection.PeerEnd(connection, this);
        peers.add(connection.peer);
    }

    LinkStatus claim(final Pipe pipe, final Connection connection, final boolean up, final int length) {
        if (network.refuses(node) || pipe.length() + length > network.windowLength()) {
            return LinkStatus.BACK_PRESSURE;
        }
        claimedPipe = pipe;
        claimedConnection = connection;
        claimedUp = up;
        claimedLength = length;
        return LinkStatus.OK;
    }

    Claim claimed() {
        return this;
    }

    UnsafeBuffer arrived(final byte[] bytes) {
        in.putBytes(0, bytes);
        return in;
    }

    @Override
    public MutableDirectBuffer buffer() {
        return out;
    }

    @Override
    public int offset() {
        return 0;
    }

    @Override
    public void commit() {
        node.effect();
        final byte[] bytes = new byte[claimedLength];
        out.getBytes(0, bytes);
        network.send(claimedPipe, claimedConnection, claimedUp, bytes);
        claimedPipe = null;
    }

    @Override
    public void abort() {
        claimedPipe = null;
    }

    @Override
    public int doWork() {
        return 0;
    }

    @Override
    public int poll(final Handler handler, final int limit) {
        int count = 0;
        polled.clear();
        polled.addAll(peers);
        turn++;
        for (int i = 0; i < polled.size(); i++) {
            final Connection.PeerEnd peer = polled.get((i + turn) % polled.size());
            count += pollHello(peer, handler) + pollData(peer, handler, limit);
        }
        for (final Connection.PeerEnd peer : polled) {
            sweep(peer, handler);
        }
        return count;
    }

    private int pollHello(final Connection.PeerEnd peer, final Handler handler) {
        final Connection connection = peer.connection();
        int count = 0;
        while (!peer.isClosed() && count < HELLO_LIMIT && !connection.hop.isStalled(Hop.UP, network.now())) {
            final byte[] bytes = connection.hello.peek(network.now());
            if (bytes == null) {
                break;
            }
            connection.hello.take();
            peer.heard();
            handler.onHello(peer, arrived(bytes), 0, bytes.length);
            count++;
        }
        return count;
    }

    private int pollData(final Connection.PeerEnd peer, final Handler handler, final int limit) {
        final Connection connection = peer.connection();
        int count = 0;
        while (!peer.isClosed() && count < limit && !connection.hop.isStalled(Hop.UP, network.now())) {
            final byte[] bytes = connection.data.peek(network.now());
            if (bytes == null || !handler.onData(peer, arrived(bytes), 0, bytes.length)) {
                break;
            }
            if (!connection.data.isEmpty() && connection.data.peek(network.now()) == bytes) {
                connection.data.take();
            }
            count++;
        }
        return count;
    }

    private void sweep(final Connection.PeerEnd peer, final Handler handler) {
        final Connection connection = peer.connection();
        final long now = network.now();
        final boolean isLost = now >= connection.receiverLostNs
                || (connection.isDrained() && !connection.hop.isStalled(Hop.UP, now))
                || (!peer.isHeard() && now - peer.metNs() > SILENCE_NS);
        if (!peer.isClosed() && !isLost) {
            return;
        }
        peers.remove(peer);
        peer.remove();
        if (!peer.isClosed()) {
            connection.receiverClosed();
            connection.receiverLostNs = Math.min(connection.receiverLostNs, now);
            if (peer.isHeard()) {
                handler.onPeerLost(peer);
            }
        }
    }

    /** The process is no more. */
    void died() {
        for (final Connection connection : connections) {
            connection.breakNow(network.dice().below(1001));
            connection.senderGone = true;
        }
        connections.clear();
        for (final Connection.PeerEnd peer : peers) {
            peer.remove();
            peer.connection().breakNow(0);
        }
        peers.clear();
    }

    @Override
    public void close() {
        network.unlisten(this);
        new ArrayList<>(connections).forEach(Connection::close);
    }
}
