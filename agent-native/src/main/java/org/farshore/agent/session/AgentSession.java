package org.farshore.agent.session;

import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.dataplane.codecs.replication.GoodbyeEncoder;
import org.farshore.dataplane.codecs.replication.HelloEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.MessageHandler;
import org.farshore.dataplane.ship.ResponseMessage;
import org.farshore.dataplane.ship.SenderLink;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * The agent's connection to its receiver: says Hello until it is answered, opens the data stream that Welcome names, takes
 * acknowledgements, and begins again with a new link when anything breaks.
 *
 * <pre>
 *   DISCONNECTED --back-off over--> HELLO --Welcome--> OPENING --data stream there--> STREAMING
 *        ^                            |                   |                               |
 *        +----------------------------+--- Reject, loss, timeout ------------------------+
 * </pre>
 *
 * One link carries one connection id. One thread.
 */
public final class AgentSession implements MessageHandler {
    /** Where the connection stands; the ordinal is the code of the counter. */
    public enum State {
        DISCONNECTED,
        HELLO,
        OPENING,
        STREAMING
    }

    /** Who is told. */
    public interface Handler {
        /** The data stream is open. */
        void onWelcome(Welcome welcome, SenderLink link);

        /** Everything up to {@code durableSequence}, an END, is durable at the master target. */
        void onAck(long durableSequence, long durableCapturePosition);

        /** The answer to one compare message of this connection. */
        void onCompareResult(ResponseMessage answer);

        /** The data stream is gone. */
        void onLost();
    }

    /** The identity that a Hello bears. */
    public record Identity(long machineIdHigh, long machineIdLow, String machineName, int generation) {}

    private static final StateLog LOG = StateLog.of(AgentSession.class);
    private static final long HELLO_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long OPENING_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long BACK_OFF_MIN_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long BACK_OFF_MAX_NS = TimeUnit.SECONDS.toNanos(2);
    /** A refusal that only an operator can end is asked about again this often. */
    private static final long REFUSED_NS = TimeUnit.SECONDS.toNanos(10);
    /** A link that is not connected for so long is made anew. */
    private static final long UNCONNECTED_NS = TimeUnit.SECONDS.toNanos(15);

    private static final int POLL_LIMIT = 32;

    private final Links links;
    private final String endpoint;
    private final Entropy entropy;
    private final CaptureSource source;
    private final Identity identity;
    private final Handler handler;
    private final AtomicCounter stateCounter;
    private final AtomicCounter incarnationCounter;
    private final AtomicCounter malformed;

    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final HelloEncoder helloEncoder = new HelloEncoder();
    private final GoodbyeEncoder goodbyeEncoder = new GoodbyeEncoder();
    private final ResponseMessage response = new ResponseMessage();
    private final Welcome welcome = new Welcome();

    private State state = State.DISCONNECTED;
    private SenderLink link;
    private long connectionId;
    private int generation;
    private long deadlineNs;
    private long helloDueNs;
    private long nowNs;
    private long backOffNs = BACK_OFF_MIN_NS;
    private String endReason;
    private boolean mustWait;
    private RejectReason refusedFor;

    public AgentSession(
            final Links links,
            final String endpoint,
            final Entropy entropy,
            final CaptureSource source,
            final Identity identity,
            final Handler handler,
            final CounterFactory counters,
            final long nowNs) {
        this.links = links;
        this.endpoint = endpoint;
        this.entropy = entropy;
        this.source = source;
        this.identity = identity;
        this.handler = handler;
        this.generation = identity.generation();
        stateCounter = counters.newCounter(ReplicationCounter.SESSION_STATE, "");
        incarnationCounter = counters.newCounter(ReplicationCounter.SESSION_INCARNATION, "");
        malformed = counters.newCounter(ReplicationCounter.MALFORMED, "");
        deadlineNs = nowNs;
    }

    /** A bounded part of the work; returns how much was done. */
    public int doWork(final long now) {
        nowNs = now;
        int work = links.doWork();
        switch (state) {
            case DISCONNECTED -> work += connect();
            case HELLO -> work += hello();
            case OPENING -> work += open();
            default -> work += stream();
        }
        if (endReason != null) {
            disconnect();
            work++;
        }
        return work;
    }

    public boolean isStreaming() {
        return state == State.STREAMING;
    }

    public State state() {
        return state;
    }

    /** Ends the connection in an orderly way. */
    public void close() {
        if (link != null) {
            final int length = MessageHeaderEncoder.ENCODED_LENGTH + GoodbyeEncoder.BLOCK_LENGTH;
            if (state != State.DISCONNECTED && link.claimHello(length) == LinkStatus.OK) {
                goodbyeEncoder
                        .wrapAndApplyHeader(link.claim().buffer(), link.claim().offset(), headerEncoder)
                        .connectionId(connectionId);
                link.claim().commit();
            }
            link.close();
            link = null;
        }
    }

    /** The stream cannot go on over this connection. */
    public void fail(final String reason) {
        end(reason);
    }

    @Override
    public boolean onMessage(final DirectBuffer buffer, final int offset, final int length) {
        if (endReason != null) {
            return true;
        }
        final String complaint = response.wrap(buffer, offset, length);
        if (complaint != null) {
            malformed.incrementRelease();
            end("the receiver sent " + complaint);
        } else if (response.isKnown() && response.connectionId() == connectionId) {
            onResponse();
        }
        return true;
    }

    private void onResponse() {
        if (response.isWelcome()) {
            onWelcome();
        } else if (response.isReject()) {
            onReject();
        } else if (state == State.STREAMING && response.incarnation() == welcome.incarnation()) {
            if (response.isAck()) {
                handler.onAck(response.durableSequence(), response.durableCapturePosition());
            } else {
                handler.onCompareResult(response);
            }
        }
    }

    private int connect() {
        if (nowNs - deadlineNs < 0) {
            return 0;
        }
        link = links.connect(endpoint);
        connectionId = entropy.nextLong();
        helloDueNs = nowNs;
        deadlineNs = nowNs + UNCONNECTED_NS;
        mustWait = false;
        become(State.HELLO, "back-off over");
        return 1;
    }

    private int hello() {
        int work = link.poll(this, POLL_LIMIT);
        if (state != State.HELLO || endReason != null) {
            return work + 1;
        }
        if (link.isConnected()) {
            deadlineNs = nowNs + UNCONNECTED_NS;
            if (nowNs - helloDueNs >= 0) {
                work += sayHello();
            }
        } else if (nowNs - deadlineNs >= 0) {
            end("receiver not reached");
        }
        return work;
    }

    private int sayHello() {
        final String name = identity.machineName();
        final int length = MessageHeaderEncoder.ENCODED_LENGTH
                + HelloEncoder.BLOCK_LENGTH
                + HelloEncoder.machineNameHeaderLength()
                + name.length();
        final LinkStatus status = link.claimHello(length);
        if (status == LinkStatus.CLOSED) {
            end("link closed");
        }
        if (status != LinkStatus.OK) {
            return 0;
        }
        helloEncoder
                .wrapAndApplyHeader(link.claim().buffer(), link.claim().offset(), headerEncoder)
                .connectionId(connectionId)
                .machineIdHigh(identity.machineIdHigh())
                .machineIdLow(identity.machineIdLow())
                .generation(generation)
                .protocolVersion(StreamLimits.PROTOCOL_VERSION)
                .captureIdHigh(source.captureIdHigh())
                .captureIdLow(source.captureIdLow())
                .consumerPosition(source.consumerPosition())
                .producerPosition(source.producerPosition())
                .machineName(name);
        link.claim().commit();
        helloDueNs = nowNs + HELLO_INTERVAL_NS;
        return 1;
    }

    private int open() {
        final int work = link.poll(this, POLL_LIMIT);
        if (endReason == null && link.isDataConnected()) {
            become(State.STREAMING, "incarnation " + welcome.incarnation() + " next " + welcome.nextSequence());
            generation = welcome.generation();
            incarnationCounter.setRelease(welcome.incarnation());
            deadlineNs = nowNs + BACK_OFF_MAX_NS;
            handler.onWelcome(welcome, link);
            return work + 1;
        }
        if (!link.isConnected()) {
            end("link lost");
        } else if (nowNs - deadlineNs >= 0) {
            end("data stream did not open");
        }
        return work;
    }

    private int stream() {
        final int work = link.poll(this, POLL_LIMIT);
        if (!link.isDataConnected() || !link.isConnected()) {
            end("link lost");
        } else if (nowNs - deadlineNs >= 0) {
            backOffNs = BACK_OFF_MIN_NS;
            refusedFor = null; // not before: a replica is refused only after the Welcome
        }
        return work;
    }

    private void onWelcome() {
        if (state != State.HELLO) {
            return;
        }
        link.openData(response.dataStreamId(), response.dataSessionId());
        welcome.take(response);
        deadlineNs = nowNs + OPENING_TIMEOUT_NS;
        become(State.OPENING, "welcome");
    }

    private void onReject() {
        final RejectReason reason = response.reason();
        final String text = response.text();
        if (reason == RejectReason.DUPLICATE_MACHINE) {
            throw new FarshoreException(
                    ExitCode.UNAVAILABLE,
                    "another agent ships for this machine: " + text
                            + "; stop it, or give a clone an identity of its own");
        }
        mustWait = needsOperator(reason);
        if (mustWait && reason != refusedFor) {
            LOG.warn("session", endpoint, "state", "refused", "reason", reason, "text", text);
            refusedFor = reason;
        }
        end("rejected " + reason + " " + text);
    }

    private static boolean needsOperator(final RejectReason reason) {
        return switch (reason) {
            case UNKNOWN_MACHINE, STALE_GENERATION, STORAGE, REPLICA_REFUSED, VERSION -> true;
            default -> false;
        };
    }

    private void end(final String reason) {
        if (endReason == null) {
            endReason = reason;
        }
    }

    private void disconnect() {
        final boolean wasStreaming = state == State.STREAMING;
        link.close();
        link = null;
        backOffNs = Math.min(BACK_OFF_MAX_NS, backOffNs * 2);
        final long base = mustWait ? REFUSED_NS : backOffNs;
        deadlineNs = nowNs + base / 2 + (entropy.nextLong() >>> 1) % (base / 2);
        become(State.DISCONNECTED, endReason);
        endReason = null;
        if (wasStreaming) {
            handler.onLost();
        }
    }

    private void become(final State next, final String reason) {
        if (next != State.HELLO && !(state == State.HELLO && next == State.DISCONNECTED && mustWait)) {
            LOG.info("session", endpoint, "from", state, "to", next, "reason", reason);
        }
        state = next;
        stateCounter.setRelease(next.ordinal());
    }
}
