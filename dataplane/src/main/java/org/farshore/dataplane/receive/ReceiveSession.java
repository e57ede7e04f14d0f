package org.farshore.dataplane.receive;

import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.journal.JournalWriter;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.CompareOutcome;
import org.farshore.dataplane.retire.StreamFence;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.HelloMessage;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.ReceiverLink.Peer;

/**
 * The stream of one machine, from one connection to the next.
 *
 * <pre>
 *            first Hello              open                 all durable            durable             sent
 *   IDLE ───────────────► OPENING ──────────► DRAINING ───────────────► SEALING ──────────► WELCOMING ────► RECEIVING
 *    ▲   a later Hello ────────────────────────►│                    incarnation frame                          │
 *    └──────────────────── link lost, Goodbye, breach, newer connection ─────────────────────────────────────────┘
 * </pre>
 *
 * <p>DRAINING waits until everything that was received before is synced; only then is the newest END known that Welcome
 * names. SEALING waits for the INCARNATION frame.
 *
 * <p><strong>Capture id.</strong> Welcome names the capture that the held capture position belongs to. When the new
 * connection brings another capture, nothing of that one is held yet: the INCARNATION frame then says position -1, so that
 * a Welcome after a crash between that frame and the first END of the new capture cannot let the sender go on as if the
 * position were its own. It must compare, also when it never heard the first Welcome.
 *
 * <p>Receive thread.
 */
final class ReceiveSession {
    private static final StateLog LOG = StateLog.bounded(ReceiveSession.class);
    private static final long ACK_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(250);
    /** Links lose nothing while they live: a Hello that is repeated within this time was sent before Welcome was heard. */
    private static final long WELCOME_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);

    private static final long ALIVE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long NO_CAPTURE_POSITION = -1;

    private enum State {
        IDLE(0),
        OPENING(1),
        DRAINING(1),
        SEALING(1),
        WELCOMING(1),
        RECEIVING(2);

        private final int code;

        State(final int code) {
            this.code = code;
        }
    }

    private final ReceiveContext context;
    private final String machine;
    private final ResponseProxy proxy;
    private final Farewells farewells;
    private final AtomicCounter stateCounter;
    private final AtomicCounter rejected;
    private ApplyAgent.OpenStream opening;
    private TargetStream stream;
    private JournalWriter writer;
    private MessageIntake intake;
    private State state = State.IDLE;
    private Peer peer;
    private long connectionId;
    private long captureIdHigh;
    private long captureIdLow;
    private long consumerPosition;
    private int helloGeneration;
    private boolean hasHeard;
    private long heardNs;
    private int generation;
    private int incarnation;
    private long heldCaptureIdHigh;
    private long heldCaptureIdLow;
    private long welcomeCaptureIdHigh;
    private long welcomeCaptureIdLow;
    private long welcomeCapturePosition;
    private long sealPosition;
    private long beginPosition;
    private long welcomedNs;
    private long ackedSequence;
    private long ackedNs;
    private CompareOutcome outcome;

    ReceiveSession(
            final ReceiveContext context, final String machine, final ResponseProxy proxy, final Farewells farewells) {
        this.context = context;
        this.machine = machine;
        this.proxy = proxy;
        this.farewells = farewells;
        stateCounter = context.counters().newCounter(ReplicationCounter.RECEIVE_STATE, machine);
        rejected = context.counters().newCounter(ReplicationCounter.RECEIVE_REJECTED, machine);
    }

    /** Takes on a stream that is open. */
    void open(final TargetStream opened) {
        stream = opened;
        writer = opened.journal().writer();
        intake = new MessageIntake(opened, context.applyAgent(), context.directBatches(), context.counters());
        generation = Math.max(1, opened.journal().recovered().generation());
        incarnation = opened.journal().recovered().incarnation();
        hold(0);
        if (!opened.isDamaged()) {
            heldCaptureIdHigh = opened.journal().recovered().captureIdHigh();
            heldCaptureIdLow = opened.journal().recovered().captureIdLow();
        }
    }

    boolean isMachine(final long high, final long low) {
        return machine.equals(TargetStreams.hex(high, low));
    }

    /** True for the connection that this session has now. */
    boolean isConnection(final HelloMessage hello) {
        return connectionId == hello.connectionId() && isMachine(hello.machineIdHigh(), hello.machineIdLow());
    }

    /** The sender of this session broke the grammar on its hello stream. */
    void breach(final String complaint, final long nowNs) {
        leave(RejectReason.PROTOCOL, complaint, nowNs);
    }

    void onHello(final Peer sender, final HelloMessage hello, final long nowNs) {
        if (peer == sender && connectionId == hello.connectionId()) {
            heardNs = nowNs;
            if (state == State.RECEIVING && intake.isUntouched() && nowNs - welcomedNs >= WELCOME_INTERVAL_NS) {
                to(State.WELCOMING, "asked again");
            }
            return;
        }
        final String fenced = stream == null ? null : stream.fence().rule().refusal();
        if (fenced != null) {
            refuse(sender, hello.connectionId(), RejectReason.STALE_GENERATION, fenced, nowNs);
            return;
        }
        if (isDuplicate(hello, nowNs)) {
            refuse(sender, hello.connectionId(), RejectReason.DUPLICATE_MACHINE, duplicateText(sender), nowNs);
            return;
        }
        if (peer != null && peer != sender) {
            leave(RejectReason.SUPERSEDED, "a newer connection from " + sender.describe(), nowNs);
        }
        peer = sender;
        sender.attach(this);
        connectionId = hello.connectionId();
        captureIdHigh = hello.captureIdHigh();
        captureIdLow = hello.captureIdLow();
        consumerPosition = hello.consumerPosition();
        helloGeneration = hello.generation();
        hasHeard = true;
        heardNs = nowNs;
        LOG.info("session", machine, "hello", sender.describe(), "name", hello.machineName());
        to(stream == null ? State.OPENING : State.DRAINING, "hello");
        if (writer != null) {
            writer.closeGroup();
        }
    }

    private boolean isDuplicate(final HelloMessage hello, final long nowNs) {
        final boolean sameCapture = hello.captureIdHigh() == captureIdHigh && hello.captureIdLow() == captureIdLow;
        return hasHeard && !sameCapture && (peer != null || nowNs - heardNs < ALIVE_NS);
    }

    private String duplicateText(final Peer sender) {
        return "machine " + machine + " is being followed by another capture, heard less than "
                + TimeUnit.NANOSECONDS.toSeconds(ALIVE_NS) + " s ago; refused: " + sender.describe()
                + ". A clone must get an identity of its own";
    }

    void onGoodbye(final long goodbyeConnectionId) {
        if (peer != null && connectionId == goodbyeConnectionId) {
            hasHeard = false;
            writerClosesGroup();
            final Peer leaving = peer;
            detach("goodbye");
            leaving.close();
        }
    }

    void onPeerLost(final Peer lost) {
        if (peer == lost) {
            detach("link lost");
            writerClosesGroup();
        }
    }

    private void writerClosesGroup() {
        if (writer != null) {
            writer.closeGroup();
        }
    }

    boolean onData(final Peer sender, final DirectBuffer buffer, final int offset, final int length, final long nowNs) {
        if (sender != peer) {
            return true;
        }
        if (state != State.RECEIVING) {
            return state != State.WELCOMING;
        }
        heardNs = nowNs;
        if (!intake.onMessage(buffer, offset, length)) {
            return false;
        }
        if (intake.complaint() != null) {
            if (intake.reason() == RejectReason.PROTOCOL) {
                context.malformed().incrementRelease();
            }
            leave(intake.reason(), intake.complaint(), nowNs);
        }
        return true;
    }

    int doWork(final long nowNs) {
        int work = connect(nowNs);
        if (writer != null) {
            work += writer.doWork(nowNs);
            work += stream.unapplied().doWork(stream.settledPosition());
            work += obeyFence(nowNs);
            if (peer != null && writer.isPoisoned()) {
                leave(RejectReason.STORAGE, "the journal of this master target has failed", nowNs);
            }
            if (stream.apply().isDamaged()) {
                onDamage(nowNs);
            }
        }
        return state == State.RECEIVING ? work + answer(nowNs) : work;
    }

    /** A rule counts when nothing of the source is under way any more; a failover waits for that. */
    private int obeyFence(final long nowNs) {
        final StreamFence.Rule rule = stream.fence().rule();
        if (rule.equals(stream.fence().obeyed())) {
            return 0;
        }
        if (peer != null && rule.generation() > generation) {
            leave(
                    RejectReason.STALE_GENERATION,
                    rule.refusal() == null ? "the generation ended" : rule.refusal(),
                    nowNs);
        }
        writer.closeGroup();
        if (!writer.isAllDurable()) {
            return 0;
        }
        generation = Math.max(generation, rule.generation());
        if (rule.beginsAnew() && !beginAnew()) {
            return 0;
        }
        hold(beginPosition);
        stream.fence().obey(rule);
        beginPosition = 0;
        LOG.info(
                "session",
                machine,
                "generation",
                generation,
                "source",
                rule.refusal() == null ? "may come" : "is refused");
        return 1;
    }

    /** The generation begins with a frame that says so, at the begin of a segment; true when that is durable. */
    private boolean beginAnew() {
        if (beginPosition > 0) {
            return true;
        }
        writer.beginSegment();
        final long position = writer.appendIncarnation(
                generation, incarnation + 1, intake.endSequence() + 1, NO_CAPTURE_POSITION, 0, 0);
        if (position != JournalWriter.BACK_PRESSURED) {
            incarnation++;
            heldCaptureIdHigh = 0;
            heldCaptureIdLow = 0;
            beginPosition = position;
            writer.closeGroup();
        }
        return false;
    }

    private void hold(final long position) {
        stream.fence()
                .hold(new StreamFence.Held(
                        generation, incarnation, intake.endSequence(), position, stream.volumeStates()));
    }

    /** Nothing is held of any capture from now on: the next connection compares, and the present one must end for that. */
    private void onDamage(final long nowNs) {
        if (state == State.WELCOMING || state == State.RECEIVING) {
            leave(RejectReason.PROTOCOL, "the journal is damaged; say Hello again and compare", nowNs);
        }
        if (state != State.SEALING) {
            heldCaptureIdHigh = 0;
            heldCaptureIdLow = 0;
        }
    }

    private int connect(final long nowNs) {
        switch (state) {
            case OPENING:
                return openStream(nowNs);
            case DRAINING:
                return drain(nowNs);
            case SEALING:
                return seal();
            case WELCOMING:
                return welcome(nowNs);
            case IDLE:
            case RECEIVING:
            default:
                return 0;
        }
    }

    private int openStream(final long nowNs) {
        if (opening == null) {
            final ApplyAgent.OpenStream request = context.newOpenStream(machine);
            opening = context.applyAgent().offer(request) ? request : null;
            return 1;
        }
        if (!opening.isDone()) {
            return 0;
        }
        final ApplyAgent.OpenStream answered = opening;
        opening = null;
        if (answered.refusal() != null) {
            leave(RejectReason.STORAGE, answered.refusal(), nowNs);
            return 1;
        }
        open(answered.stream());
        to(State.DRAINING, "opened");
        return 1;
    }

    private int drain(final long nowNs) {
        if (stream.refusal() != null) {
            leave(RejectReason.REPLICA_REFUSED, stream.refusal(), nowNs);
            return 1;
        }
        if (!stream.fence().isObeyed()) {
            return 0;
        }
        final boolean fresh = intake.endSequence() == 0 && incarnation == 0;
        if (!isRightGeneration(fresh)) {
            leave(
                    RejectReason.STALE_GENERATION,
                    "generation " + helloGeneration + " where this master target holds generation " + generation,
                    nowNs);
            return 1;
        }
        if (!writer.isAllDurable()) {
            return 0;
        }
        generation = Math.max(generation, helloGeneration);
        hold(0);
        final boolean sameCapture = captureIdHigh == heldCaptureIdHigh && captureIdLow == heldCaptureIdLow;
        welcomeCaptureIdHigh = heldCaptureIdHigh;
        welcomeCaptureIdLow = heldCaptureIdLow;
        welcomeCapturePosition = intake.capturePosition();
        final long heldPosition = sameCapture ? intake.capturePosition() : NO_CAPTURE_POSITION;
        final long position = writer.appendIncarnation(
                generation, incarnation + 1, intake.endSequence() + 1, heldPosition, captureIdHigh, captureIdLow);
        if (position == JournalWriter.BACK_PRESSURED) {
            // A full journal that waits for damage to be passed would wait for ever.
            if (heldPosition == NO_CAPTURE_POSITION) {
                stream.apply().senderCompares(writer.endPosition());
            }
            return 0;
        }
        incarnation++;
        heldCaptureIdHigh = captureIdHigh;
        heldCaptureIdLow = captureIdLow;
        intake.begin(generation, incarnation, heldPosition);
        sealPosition = position;
        writer.closeGroup();
        to(State.SEALING, "drained");
        return 1;
    }

    /** A source that was let in before a failover that was cancelled lost nothing by it, and may come back. */
    private boolean isRightGeneration(final boolean fresh) {
        final int acceptFrom = stream.fence().obeyed().acceptFrom();
        return helloGeneration == 0
                || helloGeneration == generation
                || (fresh && helloGeneration > generation)
                || (acceptFrom > 0 && helloGeneration >= acceptFrom && helloGeneration < generation);
    }

    private int seal() {
        if (writer.durablePosition() <= sealPosition) {
            return 0;
        }
        peer.openData();
        if (intake.capturePosition() == NO_CAPTURE_POSITION) {
            stream.apply().senderCompares(sealPosition);
        }
        stream.apply().connected(incarnation);
        to(State.WELCOMING, "durable");
        return 1;
    }

    private int welcome(final long nowNs) {
        final LinkStatus status = proxy.welcome(
                peer,
                connectionId,
                generation,
                incarnation,
                intake.endSequence() + 1,
                welcomeCapturePosition,
                welcomeCaptureIdHigh,
                welcomeCaptureIdLow,
                stream.volumes());
        if (status == LinkStatus.CLOSED) {
            leave(RejectReason.PROTOCOL, "the way back is closed", nowNs);
        } else if (status == LinkStatus.OK) {
            ackedSequence = -1;
            welcomedNs = nowNs;
            to(State.RECEIVING, "welcomed");
        }
        return status == LinkStatus.OK ? 1 : 0;
    }

    private int answer(final long nowNs) {
        int work = 0;
        final long durableSequence = writer.durableEndSequence();
        if ((durableSequence != ackedSequence || nowNs - ackedNs >= ACK_INTERVAL_NS)
                && proxy.ack(
                                peer,
                                connectionId,
                                incarnation,
                                durableSequence,
                                ackPosition(),
                                stream.apply().appliedSequence())
                        == LinkStatus.OK) {
            ackedSequence = durableSequence;
            ackedNs = nowNs;
            work++;
        }
        return work + answerCompare();
    }

    /** Nothing of this capture is durable yet: the sender frees nothing. */
    private long ackPosition() {
        final long position = writer.durableCapturePosition();
        return position == NO_CAPTURE_POSITION ? consumerPosition : position;
    }

    private int answerCompare() {
        if (outcome == null) {
            outcome = stream.apply().takeOutcome();
        }
        if (outcome == null) {
            return 0;
        }
        if (outcome.incarnation() != incarnation || proxy.compareResult(peer, connectionId, outcome) == LinkStatus.OK) {
            outcome = null;
            return 1;
        }
        return 0;
    }

    /** Rejects the connection of this session and lets it go. */
    private void leave(final RejectReason why, final String text, final long nowNs) {
        final Peer leaving = peer;
        final long leavingConnection = connectionId;
        detach(why + ": " + text);
        writerClosesGroup();
        refuse(leaving, leavingConnection, why, text, nowNs);
    }

    private void refuse(
            final Peer refused,
            final long refusedConnection,
            final RejectReason why,
            final String text,
            final long nowNs) {
        rejected.incrementRelease();
        LOG.warn("session", machine, "rejected", why, "peer", refused.describe(), "reason", text);
        farewells.say(refused, refusedConnection, why, text, nowNs);
    }

    private void detach(final String why) {
        peer = null;
        if (stream != null) {
            stream.apply().connected(0);
        }
        to(State.IDLE, why);
    }

    private void to(final State next, final String why) {
        if (next != state) {
            LOG.info("session", machine, "from", state, "to", next, "reason", why, "incarnation", incarnation);
            state = next;
            stateCounter.setRelease(next.code);
        }
    }

    /** Closes the open group, for an orderly stop. */
    void close() {
        writerClosesGroup();
    }
}
