package org.farshore.dataplane.processserver;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.GoodbyeEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WelcomeDecoder;
import org.farshore.dataplane.optimise.WriteBatchOptimiser;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.Claim;
import org.farshore.dataplane.ship.HelloMessage;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.MessageHandler;
import org.farshore.dataplane.ship.ReceiverLink.Peer;
import org.farshore.dataplane.ship.ResponseMessage;
import org.farshore.dataplane.ship.SenderLink;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.ship.StreamMessageChecker;

/**
 * One connection of an agent and the connection to the master target that belongs to it.
 *
 * <pre>
 *   CONNECTING    the link up is being made; the agent's Hello waits (it repeats it, the newest counts)
 *     | link up connected: Hello up, with a connection id of our own
 *   HELLO_PASSED  each repetition is passed up too
 *     | Welcome down, with the agent's connection id and a data stream of our own
 *   RELAYING      records up; Ack and CompareResult down
 *     | Reject from above, passed down; or either hop breaks, or the agent breaks the protocol, or it comes again
 *   CLOSED        both connections are ended; the agent is told why if it can still be reached
 * </pre>
 *
 * <p>Nothing of the stream is kept here: what has not reached the target is still in the agent's ring. So a connection
 * that ends can be forgotten, and the agent's next Hello finds out at the target where to go on.
 *
 * <p>Back pressure is passed on by not taking a message: it stays in the network's buffer, and the agent's window closes.
 */
final class RelaySession implements MessageHandler {
    /** States, with the code shown by {@code relay.state.code}. */
    enum State {
        CONNECTING(0),
        HELLO_PASSED(1),
        RELAYING(2),
        CLOSED(0);

        private final int code;

        State(final int code) {
            this.code = code;
        }
    }

    private static final StateLog LOG = StateLog.bounded(RelaySession.class);
    private static final int RESPONSE_LIMIT = 16;
    private static final int REJECT_TEXT_LENGTH_MAX = 512;
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;

    private final String machineName;
    private final long machineIdHigh;
    private final long machineIdLow;
    private final long captureIdHigh;
    private final long captureIdLow;
    private final long agentConnectionId;
    private final long ownConnectionId;
    private final Peer peer;
    private final SenderLink link;
    private final RelayCounters counters;
    private final ResponseMessage response = new ResponseMessage();
    private final StreamMessageChecker checker = new StreamMessageChecker();
    private final WriteBatchOptimiser optimiser = new WriteBatchOptimiser();
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final UnsafeBuffer hello = new UnsafeBuffer(new byte[StreamLimits.CONTROL_MESSAGE_LENGTH_MAX]);

    private State state = State.CONNECTING;
    private int helloLength;
    private boolean helloPending;
    private boolean goodbyePending;
    private boolean wasLinkConnected;
    private boolean wasDataConnected;
    private int incarnation;
    private int chainChecksum;
    private boolean isPrepared;
    private int preparedLength;

    RelaySession(
            final HelloMessage first,
            final long ownConnectionId,
            final Peer peer,
            final SenderLink link,
            final RelayCounters counters) {
        this.machineName = nameOf(first);
        this.machineIdHigh = first.machineIdHigh();
        this.machineIdLow = first.machineIdLow();
        this.captureIdHigh = first.captureIdHigh();
        this.captureIdLow = first.captureIdLow();
        this.agentConnectionId = first.connectionId();
        this.ownConnectionId = ownConnectionId;
        this.peer = peer;
        this.link = link;
        this.counters = counters;
        counters.state(state.code);
        LOG.info("session", machineName, "to", state, "peer", peer.describe());
    }

    /** What to call a machine: its name, or its id when it gives none. */
    static String nameOf(final HelloMessage message) {
        final String name = message.machineName();
        return name.isEmpty() ? Long.toHexString(message.machineIdHigh()) : name;
    }

    /** True when both are connections of the same capture of the same machine: the newer one takes over. */
    boolean isSameCapture(final HelloMessage message) {
        return machineIdHigh == message.machineIdHigh()
                && machineIdLow == message.machineIdLow()
                && captureIdHigh == message.captureIdHigh()
                && captureIdLow == message.captureIdLow();
    }

    /** True for a repetition of the Hello, or the Goodbye, of this very connection. */
    boolean isSameConnection(final HelloMessage message) {
        return agentConnectionId == message.connectionId();
    }

    long machineIdHigh() {
        return machineIdHigh;
    }

    long machineIdLow() {
        return machineIdLow;
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    /** The agent's Hello, first or again; it is passed up as soon as there is room. */
    void onHello(final DirectBuffer buffer, final int offset, final int length) {
        hello.putBytes(0, buffer, offset, length);
        hello.putLong(HelloMessage.CONNECTION_ID_OFFSET, ownConnectionId, LITTLE_ENDIAN);
        helloLength = length;
        helloPending = true;
    }

    void onGoodbye() {
        goodbyePending = true;
        passGoodbye();
    }

    /** One record message of the agent; false leaves it on the link. */
    boolean onData(final DirectBuffer buffer, final int offset, final int length) {
        if (state != State.RELAYING) {
            return isClosed();
        }
        final String complaint = checker.check(buffer, offset, length);
        if (complaint != null) {
            counters.onMalformed();
            end(RejectReason.PROTOCOL, complaint);
            return true;
        }
        if (!isPrepared) {
            preparedLength = optimiser.prepare(checker.message());
            isPrepared = true;
            counters.onReceived(checker.message().lastSequence());
        }
        final LinkStatus status = link.claimData(preparedLength);
        if (status == LinkStatus.OK) {
            ship();
            return true;
        }
        if (status == LinkStatus.CLOSED) {
            end(RejectReason.UPSTREAM_LOST, "the master target's data stream is closed");
            return true;
        }
        counters.onBackPressure();
        return false;
    }

    private void ship() {
        final Claim claim = link.claim();
        chainChecksum = optimiser.write(claim.buffer(), claim.offset(), chainChecksum);
        claim.commit();
        checker.accept();
        isPrepared = false;
        counters.onShipped(checker.message().lastSequence(), optimiser);
    }

    /** Everything but the agent's messages: Hello up, answers down, and whether the way up still stands. */
    int doWork() {
        if (isClosed()) {
            return 0;
        }
        int workCount = link.poll(this, RESPONSE_LIMIT);
        if (isClosed()) {
            return workCount;
        }
        if (link.isConnected()) {
            wasLinkConnected = true;
        } else if (wasLinkConnected) {
            end(RejectReason.UPSTREAM_LOST, "the connection to the master target is lost");
            return workCount + 1;
        }
        if (state == State.RELAYING && isDataLost()) {
            end(RejectReason.UPSTREAM_LOST, "the data stream to the master target is lost");
            return workCount + 1;
        }
        if (helloPending) {
            workCount += passHello();
        }
        if (goodbyePending) {
            passGoodbye();
        }
        return workCount;
    }

    private boolean isDataLost() {
        if (link.isDataConnected()) {
            wasDataConnected = true;
            return false;
        }
        return wasDataConnected;
    }

    private int passHello() {
        final LinkStatus status = link.claimHello(helloLength);
        if (status == LinkStatus.CLOSED) {
            end(RejectReason.UPSTREAM_LOST, "the master target cannot be reached");
            return 1;
        }
        if (status != LinkStatus.OK) {
            return 0;
        }
        link.claim().buffer().putBytes(link.claim().offset(), hello, 0, helloLength);
        link.claim().commit();
        helloPending = false;
        if (state == State.CONNECTING) {
            state(State.HELLO_PASSED, "hello");
        }
        return 1;
    }

    private void passGoodbye() {
        final int length = HEADER + GoodbyeEncoder.BLOCK_LENGTH;
        if (link.claimHello(length) == LinkStatus.OK) {
            final GoodbyeEncoder goodbye = new GoodbyeEncoder();
            goodbye.wrapAndApplyHeader(link.claim().buffer(), link.claim().offset(), messageHeader)
                    .connectionId(ownConnectionId);
            link.claim().commit();
            goodbyePending = false;
        }
    }

    /** A message from the master target; those of an earlier connection are dropped. */
    @Override
    public boolean onMessage(final DirectBuffer buffer, final int offset, final int length) {
        if (isClosed()) {
            return true;
        }
        final String complaint = response.wrap(buffer, offset, length);
        if (complaint != null) {
            counters.onMalformed();
            end(RejectReason.UPSTREAM_LOST, "the master target sent " + complaint);
            return true;
        }
        if (!response.isKnown() || response.connectionId() != ownConnectionId) {
            return true;
        }
        if (response.isWelcome()) {
            return onWelcome(buffer, offset, length);
        }
        final boolean isPassed = passDown(buffer, offset, length);
        if (response.isReject() && isPassed && !isClosed()) {
            close("rejected by the master target: " + response.reason());
        }
        return isPassed;
    }

    /** Claims first, acts then: a Welcome that finds no room must not have opened anything. */
    private boolean onWelcome(final DirectBuffer buffer, final int offset, final int length) {
        final int newIncarnation = response.incarnation();
        final boolean isRepetition = state == State.RELAYING;
        if (isRepetition && newIncarnation != incarnation) {
            end(RejectReason.UPSTREAM_LOST, "the master target opened incarnation " + newIncarnation + " unasked");
            return true;
        }
        final LinkStatus status = peer.claim(length);
        if (status != LinkStatus.OK) {
            return onNoRoomDown(status);
        }
        if (!isRepetition) {
            open();
        }
        final Claim claim = peer.claim();
        final MutableDirectBuffer target = claim.buffer();
        final int to = claim.offset();
        target.putBytes(to, buffer, offset, length);
        target.putLong(to + HelloMessage.CONNECTION_ID_OFFSET, agentConnectionId, LITTLE_ENDIAN);
        target.putInt(to + HEADER + WelcomeDecoder.dataStreamIdEncodingOffset(), peer.dataStreamId(), LITTLE_ENDIAN);
        target.putInt(to + HEADER + WelcomeDecoder.dataSessionIdEncodingOffset(), peer.dataSessionId(), LITTLE_ENDIAN);
        claim.commit();
        if (!isRepetition) {
            state(State.RELAYING, "welcome, incarnation " + incarnation + ", next " + checker.nextSequence());
        }
        return true;
    }

    private void open() {
        incarnation = response.incarnation();
        chainChecksum = 0;
        isPrepared = false;
        checker.begin(
                machineIdHigh, machineIdLow, response.generation(), response.incarnation(), response.nextSequence());
        peer.openData();
        link.openData(response.dataStreamId(), response.dataSessionId());
    }

    /** As it is, but for the connection id. */
    private boolean passDown(final DirectBuffer buffer, final int offset, final int length) {
        final LinkStatus status = peer.claim(length);
        if (status != LinkStatus.OK) {
            return onNoRoomDown(status);
        }
        final Claim claim = peer.claim();
        claim.buffer().putBytes(claim.offset(), buffer, offset, length);
        claim.buffer().putLong(claim.offset() + HelloMessage.CONNECTION_ID_OFFSET, agentConnectionId, LITTLE_ENDIAN);
        claim.commit();
        return true;
    }

    private boolean onNoRoomDown(final LinkStatus status) {
        if (status == LinkStatus.CLOSED) {
            close("the agent is gone");
            return true;
        }
        return false;
    }

    /** Ends both connections and tells the agent, if there is room to. */
    void end(final RejectReason reason, final String text) {
        if (isClosed()) {
            return;
        }
        final String shown = text.length() > REJECT_TEXT_LENGTH_MAX ? text.substring(0, REJECT_TEXT_LENGTH_MAX) : text;
        final int length = HEADER + RejectEncoder.BLOCK_LENGTH + RejectEncoder.textHeaderLength() + shown.length();
        if (peer.claim(length) == LinkStatus.OK) {
            final Claim claim = peer.claim();
            new RejectEncoder()
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), messageHeader)
                    .connectionId(agentConnectionId)
                    .reason(reason)
                    .text(shown);
            claim.commit();
        }
        close(reason + ": " + text);
    }

    /** Ends both connections. */
    void close(final String reason) {
        if (isClosed()) {
            return;
        }
        state(State.CLOSED, reason);
        peer.close();
        link.close();
    }

    private void state(final State next, final String reason) {
        LOG.info("session", machineName, "from", state, "to", next, "reason", reason);
        state = next;
        counters.state(next.code);
    }
}
