package org.farshore.dataplane.ship;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A network in memory for tests that step all roles in one thread: ordered, whole messages, a bounded number on the way, and
 * connections that break when a test says so. Both ends of a hop use the same instance.
 */
public final class MemoryLinks implements Links {
    private static final int MESSAGES_MAX = 32;

    private final Random random;
    private final Map<String, Receiver> receivers = new HashMap<>();
    private final List<Connection> connections = new ArrayList<>();
    private int messagesMax = MESSAGES_MAX;
    private Watch watch = (up, message) -> 1;

    /** Sees every message before it is on its way. */
    public interface Watch {
        /**
         * A message {@code up} to a receiver or down from it; what is thrown here stops its sender in mid-cycle.
         *
         * @param message may be changed.
         * @return how often it arrives.
         */
        int onMessage(boolean up, byte[] message);
    }

    public MemoryLinks(final long seed) {
        random = new Random(seed);
    }

    /** Most messages on the way in one direction of one connection. */
    public void messagesMax(final int count) {
        messagesMax = count;
    }

    /** Tells of every message from now on. */
    public void watch(final Watch value) {
        watch = value;
    }

    /** Breaks every connection; what was on the way is lost. */
    public void breakAll() {
        new ArrayList<>(connections).forEach(Connection::breakNow);
    }

    @Override
    public SenderLink connect(final String endpoint) {
        final Connection connection = new Connection(endpoint);
        connections.add(connection);
        return connection.sender;
    }

    @Override
    public ReceiverLink listen(final String endpoint) {
        final Receiver receiver = new Receiver();
        receivers.put(endpoint, receiver);
        return receiver;
    }

    @Override
    public int doWork() {
        return 0;
    }

    @Override
    public void close() {
        // The other end may still use it.
    }

    /** One direction of one stream. */
    private final class Pipe {
        final ArrayDeque<byte[]> messages = new ArrayDeque<>();
        final MemoryClaim claim = new MemoryClaim(this);
        final boolean up;

        Pipe(final boolean up) {
            this.up = up;
        }

        LinkStatus claim(final int length) {
            if (messages.size() >= messagesMax) {
                return LinkStatus.BACK_PRESSURE;
            }
            claim.begin(length);
            return LinkStatus.OK;
        }
    }

    private final class MemoryClaim implements Claim {
        private final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 16));
        private final Pipe pipe;
        private int length;

        MemoryClaim(final Pipe pipe) {
            this.pipe = pipe;
        }

        void begin(final int claimed) {
            length = claimed;
        }

        @Override
        public MutableDirectBuffer buffer() {
            return buffer;
        }

        @Override
        public int offset() {
            return 0;
        }

        @Override
        public void commit() {
            final byte[] bytes = new byte[length];
            buffer.getBytes(0, bytes);
            for (int copies = watch.onMessage(pipe.up, bytes); copies > 0; copies--) {
                pipe.messages.add(bytes);
            }
        }

        @Override
        public void abort() {
            length = 0;
        }
    }

    /** A hop's connection, seen from both ends. */
    private final class Connection {
        final String endpoint;
        final Pipe hello = new Pipe(true);
        final Pipe data = new Pipe(true);
        final Pipe back = new Pipe(false);
        final Sender sender = new Sender(this);
        MemoryPeer peer;
        boolean broken;
        boolean dataOpenAtReceiver;
        boolean dataOpenAtSender;
        int dataStreamId;
        int dataSessionId;

        Connection(final String endpoint) {
            this.endpoint = endpoint;
        }

        void breakNow() {
            broken = true;
            connections.remove(this);
            if (peer != null) {
                peer.lost = true;
            }
        }
    }

    private final class Sender implements SenderLink {
        private final Connection connection;
        private Pipe claimed;
        private long position;

        Sender(final Connection connection) {
            this.connection = connection;
        }

        @Override
        public boolean isConnected() {
            return !connection.broken && receivers.containsKey(connection.endpoint);
        }

        @Override
        public LinkStatus claimHello(final int length) {
            if (connection.broken) {
                return LinkStatus.CLOSED;
            }
            if (!isConnected()) {
                return LinkStatus.NOT_CONNECTED;
            }
            receivers.get(connection.endpoint).meet(connection);
            claimed = connection.hello;
            return claimed.claim(length);
        }

        @Override
        public int poll(final MessageHandler handler, final int limit) {
            return deliver(connection.back, limit, handler::onMessage);
        }

        @Override
        public void openData(final int streamId, final int sessionId) {
            connection.dataOpenAtSender = streamId == connection.dataStreamId && sessionId == connection.dataSessionId;
        }

        @Override
        public boolean isDataConnected() {
            return !connection.broken && connection.dataOpenAtSender && connection.dataOpenAtReceiver;
        }

        @Override
        public LinkStatus claimData(final int length) {
            if (connection.broken) {
                return LinkStatus.CLOSED;
            }
            if (!isDataConnected()) {
                return LinkStatus.NOT_CONNECTED;
            }
            claimed = connection.data;
            final LinkStatus status = claimed.claim(length);
            position += status == LinkStatus.OK ? length : 0;
            return status;
        }

        @Override
        public Claim claim() {
            return claimed.claim;
        }

        @Override
        public long dataPosition() {
            return position;
        }

        @Override
        public void close() {
            connection.breakNow();
        }
    }

    private final class MemoryPeer implements ReceiverLink.Peer {
        private final Connection connection;
        private Object attachment;
        private boolean lost;
        private boolean closed;

        MemoryPeer(final Connection connection) {
            this.connection = connection;
        }

        @Override
        public void openData() {
            connection.data.messages.clear();
            connection.dataStreamId = random.nextInt();
            connection.dataSessionId = random.nextInt();
            connection.dataOpenAtReceiver = true;
            connection.dataOpenAtSender = false;
        }

        @Override
        public int dataStreamId() {
            return connection.dataStreamId;
        }

        @Override
        public int dataSessionId() {
            return connection.dataSessionId;
        }

        @Override
        public LinkStatus claim(final int length) {
            return connection.broken || closed ? LinkStatus.CLOSED : connection.back.claim(length);
        }

        @Override
        public Claim claim() {
            return connection.back.claim;
        }

        @Override
        public void close() {
            closed = true;
            connection.breakNow();
        }

        @Override
        public String describe() {
            return "memory:" + Integer.toHexString(System.identityHashCode(this));
        }

        @Override
        public Object attachment() {
            return attachment;
        }

        @Override
        public void attach(final Object object) {
            attachment = object;
        }
    }

    private final class Receiver implements ReceiverLink {
        private final List<MemoryPeer> peers = new ArrayList<>();

        void meet(final Connection connection) {
            if (connection.peer == null) {
                connection.peer = new MemoryPeer(connection);
                peers.add(connection.peer);
            }
        }

        @Override
        public int poll(final Handler handler, final int limit) {
            int count = 0;
            for (final MemoryPeer peer : new ArrayList<>(peers)) {
                if (peer.closed) {
                    peers.remove(peer);
                } else if (peer.lost) {
                    peers.remove(peer);
                    handler.onPeerLost(peer);
                } else {
                    count += deliver(peer.connection.hello, limit, (buffer, offset, length) -> {
                        handler.onHello(peer, buffer, offset, length);
                        return true;
                    });
                    count += peer.lost || peer.closed
                            ? 0
                            : deliver(
                                    peer.connection.data,
                                    limit,
                                    (buffer, offset, length) -> handler.onData(peer, buffer, offset, length));
                }
            }
            return count;
        }

        @Override
        public void close() {
            receivers.values().remove(this);
            peers.forEach(peer -> peer.connection.breakNow());
        }
    }

    private static int deliver(final Pipe pipe, final int limit, final MessageHandler handler) {
        int count = 0;
        while (count < limit && !pipe.messages.isEmpty()) {
            final byte[] bytes = pipe.messages.peek();
            final DirectBuffer direct = direct(bytes);
            if (!handler.onMessage(direct, 0, bytes.length)) {
                break;
            }
            pipe.messages.poll();
            count++;
        }
        return count;
    }

    private static DirectBuffer direct(final byte[] bytes) {
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(Math.max(1, bytes.length)));
        buffer.putBytes(0, bytes);
        return buffer;
    }
}
