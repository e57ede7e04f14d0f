package org.farshore.agent.stream;

import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.StateLog;

/**
 * One volume of the stream: its phase, pinned and announced, and its read-back.
 *
 * <p>ORDERED is pinned only when the receiver has made that turn
 * durable: whoever starts anew from an earlier position is then not yet ordered either. Any other phase is pinned before
 * it is announced. One thread.
 */
public final class ProtectedVolume {
    /** Least time between two repair episodes that nothing but overlapping writes asked for. */
    static final long REPAIR_INTERVAL_NS = 10_000_000_000L;

    private static final StateLog LOG = StateLog.of(ProtectedVolume.class);
    private static final int CHUNK_READS = 3;
    private static final int CHUNK_LENGTH_MAX = 1 << 20;
    private static final int SECTOR_SHIFT = 9;

    private final CaptureSource source;
    private final VolumeDevice device;
    private final BlockFile file;
    private final OpenRead[] chunkReads = new OpenRead[CHUNK_READS];
    private final CompareRun compare;
    private final ReadBack readBack;
    private final AtomicCounter sizeCounter;
    private final AtomicCounter stateCounter;
    private final AtomicCounter todoCounter;
    private final AtomicCounter sentCounter;

    private long sizeBytes;
    private boolean mustAdd;
    private boolean mustResize;
    private WriteOrder announcedOrder;
    private StateReason announcedReason;
    private VolumePhase loggedPhase;
    private long orderedTurn;
    private long convergedPosition;
    private boolean overlapPending;
    private long repairDeadlineNs;
    private boolean sizeCheckWanted;
    private String stopReason;

    public ProtectedVolume(
            final CaptureSource source,
            final VolumeDevice device,
            final InFlight inFlight,
            final CounterFactory counters,
            final long nowNs) {
        this.source = source;
        this.device = device;
        file = source.readingFile(device);
        sizeBytes = device.sizeBytes();
        for (int i = 0; i < CHUNK_READS; i++) {
            chunkReads[i] = new OpenRead(CHUNK_LENGTH_MAX, SECTOR_SHIFT);
        }
        compare = new CompareRun(device.number());
        readBack = new ReadBack(
                device.number(),
                sizeBytes,
                inFlight,
                source.todo(device.number()),
                source.sent(device.number()),
                chunkReads[0],
                chunkReads[1],
                chunkReads[2],
                compare.read());
        readBack.phase(pinnedPhase());
        repairDeadlineNs = nowNs;
        sizeCounter = counters.newCounter(ReplicationCounter.VOLUME_SIZE, device.name());
        stateCounter = counters.newCounter(ReplicationCounter.VOLUME_STATE, device.name());
        todoCounter = counters.newCounter(ReplicationCounter.VOLUME_TODO, device.name());
        sentCounter = counters.newCounter(ReplicationCounter.VOLUME_SENT, device.name());
        publish();
    }

    // what it is

    public VolumeDevice device() {
        return device;
    }

    /** What chunks and compares are read from, by the reader's thread. */
    public BlockFile file() {
        return file;
    }

    public int number() {
        return device.number();
    }

    public ReadBack readBack() {
        return readBack;
    }

    public CompareRun compare() {
        return compare;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    /** A read object that is not open, or null. */
    public OpenRead freeRead() {
        for (final OpenRead read : chunkReads) {
            if (!read.isOpen()) {
                return read;
            }
        }
        return null;
    }

    /** True when blocks may be read now, as far as the volume itself is concerned. */
    public boolean wantsCopy() {
        return stopReason == null
                && readBack.phase() != VolumePhase.ORDERED
                && readBack.phase() != VolumePhase.WAITING
                && readBack.todo().cardinality() > 0;
    }

    public boolean isStopped() {
        return stopReason != null;
    }

    /** True when the stream says that the volume is a state of the past. */
    public boolean isOrdered() {
        return stopReason == null && announcedOrder == WriteOrder.ORDERED && readBack.phase() == VolumePhase.ORDERED;
    }

    // beginnings

    /** The receiver does not know the volume: all of it is copied. */
    public void beginInitialCopy() {
        mustAdd = true;
        compare.stop();
        readBack.markAll();
        readBack.phase(VolumePhase.INITIAL_COPY);
        pin();
        source.setComparing(number(), false);
    }

    /** The receiver knows the volume, but what changed since is not known: all of it is compared. */
    public void beginCompare() {
        source.setComparing(number(), true);
        readBack.phase(VolumePhase.COMPARING);
        pin();
        compare.start(sizeBytes);
    }

    /** The stream goes on where the receiver's Welcome says; what the last connection left undurable is sent again. */
    public void resume() {
        if (readBack.phase() == VolumePhase.ORDERED && pinnedPhase() != VolumePhase.ORDERED) {
            readBack.unconverge(pinnedPhase(), convergedPosition);
        }
        if (readBack.phase() == VolumePhase.ORDERED && readBack.todo().cardinality() > 0) {
            readBack.phase(VolumePhase.REPAIR);
        }
        if (readBack.phase() == VolumePhase.COMPARING) {
            compare.restart(sizeBytes);
        }
        pin();
    }

    /** A connection begins: nothing was announced on it; {@code isKnown} with the size the receiver has. */
    public void connected(final boolean isKnown, final long receiverSizeBytes) {
        mustAdd = !isKnown;
        mustResize = isKnown && receiverSizeBytes < sizeBytes;
        announcedOrder = null;
        announcedReason = null;
    }

    /** A new connection begins: blocks sent over the last one and not durable are read again. */
    public void disconnected() {
        abortReads();
        compare.disconnected();
        readBack.sentIsVoid();
    }

    /** Reads are given up; their blocks are read again. */
    public void abortReads() {
        for (final OpenRead read : chunkReads) {
            readBack.abortRead(read);
        }
        compare.abort(readBack);
    }

    /** The volume cannot be followed any more; what is written from now on is in no bit, so a later agent must compare. */
    public void stop(final String reason) {
        if (stopReason == null) {
            stopReason = reason;
            source.setComparing(number(), true);
            LOG.warn("volume", device.name(), "state", "stopped", "path", device.path(), "reason", reason);
        }
    }

    // turns

    /** All records of a gap have bits now: the ring must be taken up to {@code producerPosition}. */
    public void gap(final long producerPosition) {
        readBack.gap(producerPosition);
        pin();
    }

    /** Pins that order is lost, before anything else is done about it. */
    public void leaveOrdered() {
        if (readBack.phase() == VolumePhase.ORDERED || readBack.phase() == VolumePhase.REPAIR) {
            readBack.phase(VolumePhase.RESYNC);
        }
        pin();
    }

    /** Begins a repair when overlapping writes ask for one and the last was long enough ago. */
    public void repairIfDue(final long nowNs) {
        overlapPending |= readBack.pollOverlapMarked();
        if (overlapPending && readBack.phase() == VolumePhase.ORDERED && nowNs - repairDeadlineNs >= 0) {
            readBack.phase(VolumePhase.REPAIR);
        }
    }

    /** True when nothing of the volume itself stands against a turn to ORDERED. */
    public boolean mayConverge(final long takenPosition) {
        return stopReason == null
                && readBack.phase() != VolumePhase.ORDERED
                && readBack.phase() != VolumePhase.WAITING
                && !compare.isRunning()
                && readBack.isConverged(takenPosition);
    }

    /** Turns to ORDERED: the stream, up to here, is a state of the past. */
    public void converge(final long takenPosition, final long nowNs) {
        repairDeadlineNs = nowNs + REPAIR_INTERVAL_NS;
        overlapPending = false;
        readBack.phase(VolumePhase.ORDERED);
        convergedPosition = takenPosition;
    }

    /** The compare has every answer: what differs is in todo and read as a resync. */
    public void compareDone() {
        readBack.phase(VolumePhase.RESYNC);
        pin();
        source.setComparing(number(), false);
    }

    /** The receiver has made the n-th turn to ORDERED durable. */
    public void orderedDurable(final long turn) {
        if (turn == orderedTurn && readBack.phase() == VolumePhase.ORDERED) {
            source.setPhase(number(), VolumePhase.ORDERED.code());
        }
    }

    /** The device is larger now, and the source knows it: what was added is in todo. */
    public void grow(final long newSizeBytes) {
        sizeBytes = newSizeBytes;
        readBack.grow(newSizeBytes, source.todo(number()), source.sent(number()));
        if (readBack.phase() == VolumePhase.ORDERED) {
            readBack.phase(VolumePhase.RESYNC);
        }
        mustResize = true;
    }

    // talk

    /** Tells the receiver what it does not know yet; false when the link has no room for it now. */
    public boolean announce(final SingleRecords records, final RecordWriter writer, final SentRecords sent) {
        if (stopReason != null) {
            return true;
        }
        if (mustAdd) {
            if (!records.added(device, sizeBytes)) {
                return false;
            }
            mustAdd = false;
            mustResize = false;
        }
        if (mustResize) {
            if (!records.resized(number(), sizeBytes)) {
                return false;
            }
            mustResize = false;
        }
        return announceState(records, writer, sent);
    }

    /** True when {@link #announce} has something to say. */
    public boolean mustAnnounce() {
        return stopReason == null
                && (mustAdd || mustResize || announcedReason != readBack.phase().reason());
    }

    private boolean announceState(final SingleRecords records, final RecordWriter writer, final SentRecords sent) {
        final VolumePhase phase = readBack.phase();
        if (phase.reason() == announcedReason) {
            return true;
        }
        final boolean isOrdered = phase == VolumePhase.ORDERED;
        if (!isOrdered) {
            pin();
        } else if (!sent.hasRoom(1)) {
            return false;
        }
        final WriteOrder order = isOrdered ? WriteOrder.ORDERED : WriteOrder.CONVERGING;
        if (!records.state(number(), order, phase.reason())) {
            return false;
        }
        announcedOrder = order;
        announcedReason = phase.reason();
        if (isOrdered) {
            sent.addOrdered(writer.lastSequence(), number(), ++orderedTurn);
        }
        log(phase);
        return true;
    }

    /** A record lies behind the end of the volume: look at its size before going on. */
    void wantSizeCheck() {
        sizeCheckWanted = true;
    }

    /** True once after {@link #wantSizeCheck}. */
    public boolean pollSizeCheckWanted() {
        final boolean wanted = sizeCheckWanted;
        sizeCheckWanted = false;
        return wanted;
    }

    /** Size up to which the receiver knows the volume, or will before the next record. */
    long writableBytes() {
        return sizeBytes;
    }

    /** Publishes the counters. */
    public void publish() {
        sizeCounter.setRelease(sizeBytes);
        stateCounter.setRelease(readBack.phase().code());
        todoCounter.setRelease(Math.min(sizeBytes, readBack.todo().cardinality() << 12));
        sentCounter.setRelease(Math.min(sizeBytes, readBack.sent().cardinality() << 12));
    }

    /** The phase that outlives the agent. */
    public VolumePhase pinnedPhase() {
        return VolumePhase.of(source.phase(number()));
    }

    /** Pins the phase, unless it is ORDERED: {@link #orderedDurable} does that. */
    public void pin() {
        final VolumePhase phase = readBack.phase() == VolumePhase.ORDERED ? pinnedPhase() : readBack.phase();
        source.setPhase(number(), phase.code());
    }

    private void log(final VolumePhase phase) {
        stateCounter.setRelease(phase.code());
        if (phase != loggedPhase) {
            LOG.info(
                    "volume",
                    device.name(),
                    "from",
                    loggedPhase == null ? "-" : loggedPhase,
                    "to",
                    phase,
                    "todo.bytes",
                    readBack.todo().cardinality() << 12);
            loggedPhase = phase;
        }
    }
}
