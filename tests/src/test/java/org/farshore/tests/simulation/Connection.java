package org.farshore.tests.simulation;

import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.ship.Claim;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.MessageHandler;
import org.farshore.dataplane.ship.ReceiverLink;
import org.farshore.dataplane.ship.SenderLink;

/**
 * One connection of a hop, seen from both ends: hello stream and data stream up, response channel down. Each end learns of
 * its end in its own time, and goes on sending into nothing until then.
 */
final class Connection implements SenderLink {
    static final long NEVER = Long.MAX_VALUE;
    private static final long FAREWELL_NS = 500_000_000L;
    private static final long RETRY_NS = 20_000_000L;

    final Network network;
    final Hop hop;
    final NodeLinks sender;
    final Pipe hello = new Pipe();
    final Pipe data = new Pipe();
    final Pipe back = new Pipe();
    final long number;
    PeerEnd peer;
    long senderLostNs = NEVER;
    long receiverLostNs = NEVER;
    long breakNs = NEVER;
    boolean senderGone;
    private long attemptNs;
    private boolean isClosed;
    private boolean wasConnected;
    private int openedStreamId;
    private int openedSessionId;
    private long dataOpenNs = NEVER;
    private long dataGeneration;
    private boolean isDataLost;
    private long dataPosition;

    Connection(final Network network, final Hop hop, final NodeLinks sender, final long number) {
        this.network = network;
        this.hop = hop;
        this.sender = sender;
        this.number = number;
        attemptNs = network.now() + 2 * hop.latencyNs();
    }

    /** Breaks: each end still gets what had arrived, and notices later. */
    void breakNow(final int permille) {
        hello.cut(permille);
        data.cut(permille);
        back.cut(permille);
        final long now = network.now();
        senderLostNs = Math.min(senderLostNs, now + network.noticeNs());
        receiverLostNs = Math.min(receiverLostNs, now + network.noticeNs());
    }

    /** The receiving end is closed in order: what it said last still gets through. */
    void receiverClosed() {
        senderLostNs = Math.min(senderLostNs, network.now() + FAREWELL_NS + hop.latencyNs());
        hello.cut(0);
        data.cut(0);
    }

    boolean isOver() {
        final long now = network.now();
        final boolean isDeserted = (isClosed || senderGone) && (peer == null || peer.isRemoved());
        return isDeserted || (now > senderLostNs && now > receiverLostNs);
    }

    private boolean isLost() {
        return network.now() >= senderLostNs;
    }

    @Override
    public boolean isConnected() {
        if (peer == null && !isClosed && network.now() >= attemptNs) {
            if (!network.meet(this)) {
                attemptNs = network.now() + RETRY_NS;
            }
        }
        wasConnected |= peer != null;
        return wasConnected && !isLost() && !isClosed;
    }

    @Override
    public LinkStatus claimHello(final int length) {
        if (isClosed || isLost()) {
            return LinkStatus.CLOSED;
        }
        return isConnected() ? sender.claim(hello, this, true, length) : LinkStatus.NOT_CONNECTED;
    }

    @Override
    public int poll(final MessageHandler handler, final int limit) {
        int count = 0;
        while (!isClosed && count < limit && !hop.isStalled(Hop.DOWN, network.now())) {
            final byte[] bytes = back.peek(network.now());
            if (bytes == null) {
                break;
            }
            final UnsafeBuffer arrived = sender.arrived(bytes);
            if (!handler.onMessage(arrived, 0, bytes.length)) {
                break;
            }
            back.take();
            count++;
        }
        return count;
    }

    @Override
    public void openData(final int streamId, final int sessionId) {
        openedStreamId = streamId;
        openedSessionId = sessionId;
        dataGeneration = peer == null ? 0 : peer.dataGeneration();
        dataOpenNs = network.now() + 2 * hop.latencyNs();
        isDataLost = isLost() || isClosed;
    }

    private boolean isDataThere() {
        isDataLost |= isLost()
                || isClosed
                || (dataOpenNs != NEVER && peer != null && peer.dataGeneration() != dataGeneration);
        return !isDataLost
                && peer != null
                && !peer.isClosed()
                && network.now() >= dataOpenNs
                && peer.dataStreamId() == openedStreamId
                && peer.dataSessionId() == openedSessionId;
    }

    @Override
    public boolean isDataConnected() {
        return isDataThere();
    }

    @Override
    public LinkStatus claimData(final int length) {
        final boolean isThere = isDataThere();
        if (isDataLost || isClosed) {
            return LinkStatus.CLOSED;
        }
        if (!isThere) {
            return LinkStatus.NOT_CONNECTED;
        }
        final LinkStatus status = sender.claim(data, this, true, length);
        dataPosition += status == LinkStatus.OK ? length : 0;
        return status;
    }

    @Override
    public Claim claim() {
        return sender.claimed();
    }

    @Override
    public long dataPosition() {
        return dataPosition;
    }

    /** The receiver hears the end of the streams behind everything that is under way. */
    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            sender.onClosed(this);
            senderGone = true;
        }
    }

    /** True when everything that a sender which is gone had sent was taken. */
    boolean isDrained() {
        return senderGone && hello.isEmpty() && data.isEmpty();
    }

    /** The receiving end, as its role sees it. */
    static final class PeerEnd implements ReceiverLink.Peer {
        private final Connection connection;
        private final NodeLinks receiver;
        private final long metNs;
        private Object attachment;
        private int dataStreamId;
        private int dataSessionId;
        private long dataGeneration;
        private boolean isClosed;
        private boolean isHeard;
        private boolean isRemoved;

        PeerEnd(final Connection connection, final NodeLinks receiver) {
            this.connection = connection;
            this.receiver = receiver;
            metNs = connection.network.now();
        }

        Connection connection() {
            return connection;
        }

        NodeLinks receiver() {
            return receiver;
        }

        long metNs() {
            return metNs;
        }

        void heard() {
            isHeard = true;
        }

        boolean isHeard() {
            return isHeard;
        }

        boolean isClosed() {
            return isClosed;
        }

        void remove() {
            isRemoved = true;
        }

        boolean isRemoved() {
            return isRemoved;
        }

        long dataGeneration() {
            return dataGeneration;
        }

        @Override
        public void openData() {
            connection.data.clear();
            dataStreamId = (int) connection.network.dice().nextLong() | 1;
            dataSessionId = (int) connection.network.dice().nextLong() | 1;
            dataGeneration++;
        }

        @Override
        public int dataStreamId() {
            return dataStreamId;
        }

        @Override
        public int dataSessionId() {
            return dataSessionId;
        }

        @Override
        public LinkStatus claim(final int length) {
            return isClosed || connection.network.now() >= connection.receiverLostNs
                    ? LinkStatus.CLOSED
                    : receiver.claim(connection.back, connection, false, length);
        }

        @Override
        public Claim claim() {
            return receiver.claimed();
        }

        @Override
        public void close() {
            if (!isClosed) {
                isClosed = true;
                connection.receiverClosed();
            }
        }

        @Override
        public String describe() {
            return "connection " + connection.number;
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
}
