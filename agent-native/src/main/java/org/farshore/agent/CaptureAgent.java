package org.farshore.agent;

import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.copy.DeviceReaderAgent;
import org.farshore.agent.copy.Throttle;
import org.farshore.agent.copy.VolumeCopy;
import org.farshore.agent.session.AgentSession;
import org.farshore.agent.session.Welcome;
import org.farshore.agent.stream.BarrierMaker;
import org.farshore.agent.stream.CaptureStream;
import org.farshore.agent.stream.ChunkWriter;
import org.farshore.agent.stream.CompareRun;
import org.farshore.agent.stream.InFlight;
import org.farshore.agent.stream.ProtectedVolume;
import org.farshore.agent.stream.RecordWriter;
import org.farshore.agent.stream.SentRecords;
import org.farshore.agent.stream.SingleRecords;
import org.farshore.agent.stream.VolumePhase;
import org.farshore.dataplane.ship.ResponseMessage;
import org.farshore.dataplane.ship.SenderLink;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * The agent's duty cycle: session, capture ring, cuts, gaps, copy. Everything it must not forget is pinned beside the
 * capture, so that it may be dropped at any instant and made anew from there.
 *
 * <h2>The order within one cycle</h2>
 * A chunk that is half in the stream is finished before anything else. Then states are announced, so that no record follows
 * under a state that is no longer true; then gaps are looked for; then the ring is taken; then a cut is made if one is due;
 * then turns to ORDERED; then what was read is appended; last, reads are issued.
 *
 * <h2>A connection</h2>
 * Welcome says from where the ring is taken. If that is a position this ring still holds, the stream goes on: what was
 * ordered is ordered, chunks that did not become durable are read again. If it is not, or another ring's, or none, nobody
 * knows what the receiver lacks: volumes it knows are compared, others copied, and the ring is taken from its end. What in
 * the ring is thereby given up is covered by the pinned compare or by todo before its space is given back.
 */
public final class CaptureAgent implements Agent, AgentSession.Handler {
    /**
     * What a record taken from the ring counts as work: more than all that an idle connection brings in one cycle, so that
     * the thread can tell that the machine writes.
     */
    public static final int LOAD_FLOOR = 256;

    private static final int IN_FLIGHT_SLOTS = 1 << 16;
    private static final int SENT_MESSAGES_MAX = 1 << 15;
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);
    /** A write without a completion for so long is read again. */
    private static final long AGED_NS = TimeUnit.SECONDS.toNanos(60);

    private static final long AGE_CHECK_NS = TimeUnit.SECONDS.toNanos(5);

    private final CaptureContext context;
    private final CaptureSource source;
    private final ProtectedVolume[] byNumber = new ProtectedVolume[StreamLimits.VOLUMES_MAX];
    private final ProtectedVolume[] volumes;
    private final SentRecords sent = new SentRecords(SENT_MESSAGES_MAX);
    private final RecordWriter writer;
    private final SingleRecords records;
    private final CaptureStream stream;
    private final VolumeCopy copy;
    private final BarrierMaker barriers;
    private final AgentSession session;
    private final AgentCounters counters;
    private final GapWatch gaps;
    private final DurableRecords durable;
    private final VolumeSizes sizes;
    private final RemovedVolumes removed = new RemovedVolumes();

    private long nowNs;
    private long secondNs;
    private long ageCheckNs;
    private boolean isFirstWelcome = true;

    /** An agent over a context that was concluded and a source that is open. */
    public CaptureAgent(final CaptureContext context, final DeviceReaderAgent reader) {
        this.context = context;
        source = context.source();
        nowNs = context.clocks().nanoTime();
        secondNs = nowNs;
        ageCheckNs = nowNs + AGE_CHECK_NS;
        counters = new AgentCounters(context.counters(), source);
        final InFlight inFlight = new InFlight(IN_FLIGHT_SLOTS);
        context.volumes()
                .forEach(device -> byNumber[device.number()] =
                        new ProtectedVolume(source, device, inFlight, context.counters(), nowNs));
        volumes = Arrays.stream(byNumber).filter(Objects::nonNull).toArray(ProtectedVolume[]::new);
        writer = new RecordWriter(
                context.identity().machineIdHigh(),
                context.identity().machineIdLow(),
                counters.sentBytes,
                counters.sentSequence,
                counters.backPressure);
        records = new SingleRecords(writer);
        stream = new CaptureStream(
                source,
                byNumber,
                writer,
                sent,
                counters.capturedBytes,
                counters.capturedRecords,
                counters.sentPayloadBytes,
                this::isTurnPending);
        copy = new VolumeCopy(
                source,
                byNumber,
                stream,
                records,
                sent,
                new ChunkWriter(stream, writer, records, counters.sentPayloadBytes),
                reader,
                context.entropy(),
                new Throttle(context.copyBytesPerSecond(), nowNs),
                counters.copyCounters);
        barriers = new BarrierMaker(
                source,
                context.clocks(),
                byNumber,
                records,
                writer,
                sent,
                counters.barriers,
                context.barrierIntervalNs());
        gaps = new GapWatch(source, volumes, stream, copy, barriers, counters, nowNs);
        durable = new DurableRecords(byNumber, sent, counters);
        sizes = new VolumeSizes(source, context.probe());
        session = new AgentSession(
                context.links(),
                context.processServer(),
                context.entropy(),
                source,
                context.identity(),
                this,
                context.counters(),
                nowNs);
        restartVolumes();
    }

    @Override
    public int doWork() {
        nowNs = context.clocks().nanoTime();
        int work = source.doWork(nowNs);
        work += copy.collect();
        work += session.doWork(nowNs);
        if (nowNs - secondNs >= 0) {
            secondNs = nowNs + SECOND_NS;
            everySecond();
        }
        if (session.isStreaming()) {
            work += streamOn();
        }
        counters.positions(source, stream);
        return work;
    }

    @Override
    public String roleName() {
        return "agent";
    }

    @Override
    public void onClose() {
        session.close();
    }

    /** True when every volume is ordered, and everything the ring holds is in the stream. For tests and shutdown. */
    public boolean isIdle() {
        boolean ordered = true;
        for (final ProtectedVolume volume : volumes) {
            ordered &= volume.isStopped()
                    || (volume.isOrdered() && volume.readBack().todo().cardinality() == 0);
        }
        return ordered && session.isStreaming() && stream.takenPosition() == source.producerPosition();
    }

    /** The volume with this number, or null. */
    public ProtectedVolume volume(final int number) {
        return byNumber[number];
    }

    // the connection

    @Override
    public void onWelcome(final Welcome welcome, final SenderLink link) {
        final boolean isSameRing = welcome.isOfCapture(source.captureIdHigh(), source.captureIdLow());
        final long wanted = welcome.capturePosition();
        final boolean goesOn = isSameRing
                && isRecordBegin(wanted)
                && wanted - source.consumerPosition() >= 0
                && wanted - source.producerPosition() <= 0;
        if (isSameRing && !isFirstWelcome) {
            durable.upTo(welcome.nextSequence() - 1, nowNs);
        }
        sent.clear();
        forEachVolume(ProtectedVolume::disconnected);
        for (final ProtectedVolume volume : volumes) {
            begin(volume, welcome, goesOn);
        }
        removed.note(welcome, volumes);
        final long position = goesOn ? wanted : source.producerPosition();
        if (!goesOn || isFirstWelcome) {
            restartVolumes();
        }
        isFirstWelcome = false;
        source.release(position);
        barriers.reset();
        stream.begin(link, welcome.generation(), welcome.incarnation(), welcome.nextSequence(), position);
        context.onGeneration(welcome.generation());
    }

    private void begin(final ProtectedVolume volume, final Welcome welcome, final boolean goesOn) {
        final int index =
                welcome.find(volume.device().uuidHigh(), volume.device().uuidLow());
        volume.connected(index >= 0, index >= 0 ? welcome.sizeBytes(index) : 0);
        final int number = volume.number();
        if (index < 0) {
            volume.beginInitialCopy();
        } else if (welcome.number(index) != number) {
            volume.stop("the receiver knows it as number " + welcome.number(index) + ", here it is " + number);
        } else if (welcome.sizeBytes(index) > volume.sizeBytes()) {
            volume.stop("it has shrunk from " + welcome.sizeBytes(index) + " to " + volume.sizeBytes() + " bytes");
        } else if (goesOn
                && volume.readBack().phase() != VolumePhase.WAITING
                && !source.coverageUnknown(number)
                && (volume.compare().isRunning() || !source.comparing(number))) {
            volume.resume();
        } else {
            volume.beginCompare();
        }
    }

    @Override
    public void onAck(final long durableSequence, final long durableCapturePosition) {
        if (!isRecordBegin(durableCapturePosition)) {
            session.fail("the receiver acknowledged capture position " + durableCapturePosition
                    + ", where no record can begin");
            return;
        }
        durable.upTo(durableSequence, nowNs);
        if (durableCapturePosition - source.consumerPosition() > 0
                && durableCapturePosition - stream.takenPosition() <= 0) {
            source.release(durableCapturePosition);
        }
        counters.durableSequence.setRelease(durableSequence);
    }

    /** A ring's records begin at multiples of 8; nothing else can have been a position of this agent's. */
    private static boolean isRecordBegin(final long position) {
        return (position & 7) == 0;
    }

    @Override
    public void onCompareResult(final ResponseMessage answer) {
        final ProtectedVolume target = answer.volume() < byNumber.length ? byNumber[answer.volume()] : null;
        if (target == null || target.isStopped()) {
            return;
        }
        final long firstPiece = answer.firstPiece();
        final int pieceCount = answer.pieceCount();
        if ((firstPiece + pieceCount - 1) * StreamLimits.PIECE_LENGTH >= target.sizeBytes()) {
            session.fail("the receiver compared " + pieceCount + " pieces from " + firstPiece + " of a volume of "
                    + target.sizeBytes() + " bytes");
            return;
        }
        final CompareRun.Answer worth = target.compare().onAnswer(firstPiece, pieceCount);
        if (worth == CompareRun.Answer.STALE) {
            return;
        }
        for (int i = 0; i < pieceCount; i++) {
            if (answer.differs(i)) {
                target.readBack().markPiece(firstPiece + i);
            }
        }
        if (worth == CompareRun.Answer.LAST) {
            target.compareDone();
        }
    }

    @Override
    public void onLost() {
        stream.end();
        copy.abort();
        barriers.reset();
        forEachVolume(ProtectedVolume::abortReads);
    }

    // the stream

    private int streamOn() {
        if (copy.isAppending() && !copy.append(nowNs)) {
            return 0;
        }
        int work = 0;
        if (stream.isHeld() && isTurnPending()) {
            gaps.isWithoutGap(nowNs);
            if (!announce()) {
                return work;
            }
        }
        if (!stream.flush() || !announce()) {
            return work;
        }
        gaps.doWork(nowNs);
        restartIfNeeded();
        work += LOAD_FLOOR * stream.take(source.producerPosition());
        sizes.checkWanted(volumes);
        if (!stream.flush() || !announce()) {
            return work;
        }
        if (stream.isCaughtUp()) {
            makeCut();
            converge();
            if (!announce() || !copy.append(nowNs)) {
                return work + 1;
            }
            work += copy.issue(nowNs);
        }
        return work;
    }

    /** Tells the receiver what has left, then every turn that it does not know yet; false when the link has no room now. */
    private boolean announce() {
        if (!removed.announce(records, stream.isAtEnd(), stream.takenPosition(), nowNs)) {
            return false;
        }
        for (final ProtectedVolume volume : volumes) {
            if (volume.mustAnnounce()) {
                records.at(stream.isAtEnd(), stream.takenPosition(), nowNs);
                if (!volume.announce(records, writer, sent)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** True when the receiver must hear of a volume's turn before the next END: where a volume is ordered, an END is a cut. */
    private boolean isTurnPending() {
        for (final ProtectedVolume volume : volumes) {
            if (volume.mustAnnounce()) {
                return true;
            }
        }
        return gaps.isOpenWhileOrdered();
    }

    private void restartIfNeeded() {
        for (final ProtectedVolume volume : volumes) {
            if (volume.readBack().needsRestart()) {
                volume.readBack().restart(source.producerPosition());
                stream.drain();
            }
        }
    }

    private void restartVolumes() {
        final long producerPosition = source.producerPosition();
        for (final ProtectedVolume volume : volumes) {
            volume.readBack().restart(producerPosition);
        }
    }

    private void makeCut() {
        if (stream.isAtEnd() && barriers.isReady(nowNs, stream.takenPosition()) && gaps.isWithoutGap(nowNs)) {
            barriers.cut(stream.takenPosition());
        }
    }

    private void converge() {
        if (!stream.isAtEnd()) {
            return;
        }
        for (final ProtectedVolume volume : volumes) {
            volume.repairIfDue(nowNs);
            if (volume.mayConverge(stream.takenPosition())
                    && !source.anyLost(volume.number())
                    && gaps.isWithoutGap(nowNs)
                    && !volume.mustAnnounce()) {
                volume.converge(stream.takenPosition(), nowNs);
            }
        }
    }

    // now and then

    private void everySecond() {
        if (session.isStreaming() && !copy.isAppending()) {
            gaps.isWithoutGap(nowNs);
        }
        for (final ProtectedVolume volume : volumes) {
            sizes.check(volume);
            volume.publish();
        }
        if (nowNs - ageCheckNs >= 0 && stream.takenPosition() == source.producerPosition()) {
            ageCheckNs = nowNs + AGE_CHECK_NS;
            markAged();
        }
        counters.everySecond(source, nowNs, volumes);
    }

    private void markAged() {
        for (final ProtectedVolume volume : volumes) {
            counters.aged.getAndAddRelease(volume.readBack().markAged(nowNs - AGED_NS));
        }
    }

    private void forEachVolume(final Consumer<ProtectedVolume> action) {
        for (final ProtectedVolume volume : volumes) {
            action.accept(volume);
        }
    }
}
