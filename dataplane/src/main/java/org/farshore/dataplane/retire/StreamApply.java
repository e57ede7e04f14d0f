package org.farshore.dataplane.retire;

import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.journal.DamagedRange;
import org.farshore.dataplane.journal.FrameFetcher;
import org.farshore.dataplane.journal.JournalCommitter;
import org.farshore.dataplane.journal.JournalDamageException;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.volume.StreamVolume;

/**
 * Brings one stream from its journal into its replicas, one checkpoint after the other.
 *
 * <pre>
 *   IDLE ── due ──► GATHER ──► WRITE ──► SYNC ──► RECORD ──► IDLE
 *                   ▲    │       ▲         │ failed once: the whole batch again (F11)
 *                   │    │       └─────────┘
 *                   └─ COMPARE
 * </pre>
 *
 * <p><strong>Damage</strong>, journal that was durable and cannot be read any more, stops the stream where it is: the replica
 * stays a state of the past. It is passed when the journal itself says that the sender compares everything from a later
 * place on ({@link #senderCompares}): whatever dies meanwhile, nobody can take the replica for whole.
 *
 * <p><strong>A replica that fails twice</strong> holds its stream alone: the batch is given up, gathering stands again where
 * the state record says, and after a pause everything from there is taken from the journal and written once more. The
 * journal keeps what the replica lacks, so the sender goes on until the journal is full and is held back then.
 *
 * <p><strong>Order of what is synced</strong> (F1): the state record with the raised floor, since points below are about
 * to be overwritten; the replicas; the state record with the raised applied position and horizon; only then may segments
 * be reused. A stop at any place repeats the batch from the old applied position, which gives the same bytes.
 *
 * <p><strong>With a history</strong> the replicas stay behind the durable position: {@link RetireTarget} says how far they
 * may go. The floor is raised in memory before the first frame of a batch is gathered, so that nobody can come to rely on
 * a moment below, and lookups leave a segment before it is reused.
 *
 * <p>A checkpoint is due one second after the first frame, or when half the arena's bytes wait, and at once when a sender
 * waits for a comparison. All fields belong to the apply thread, except those that say otherwise.
 */
public final class StreamApply {
    private static final StateLog LOG = StateLog.of(StreamApply.class);
    private static final long DUE_LENGTH = 16 << 20;
    private static final long HELD_RETRY_NS = 5_000_000_000L;
    private static final long GATHER_LENGTH_MAX = 256 << 20;
    private static final int FRAMES_AT_ONCE = 64;
    private static final int OUTCOMES_MAX = 16;
    /** Compare messages are left to {@link PastComparer}. */
    private static final int NO_INCARNATION = 0;

    private enum State {
        IDLE,
        GATHER,
        COMPARE,
        WRITE,
        SYNC,
        RECORD
    }

    private final String machine;
    private final JournalCommitter committer;
    private final JournalReader reader;
    private final ApplyRecord record;
    private final StreamHistory history;
    private final RetireTarget target;
    private final PastComparer pastComparer;
    private final FrameGatherer gatherer;
    private final ApplyBatch batch;
    private final PieceComparer comparer;
    private final OneToOneConcurrentArrayQueue<CompareOutcome> outcomes =
            new OneToOneConcurrentArrayQueue<>(OUTCOMES_MAX);
    private final Map<UUID, ReplicaVolume> replicas = new ConcurrentHashMap<>();
    private final AtomicCounter appliedPositionCounter;
    private final AtomicCounter appliedSequenceCounter;
    private final AtomicCounter appliedBytes;
    private final AtomicCounter zeroedBytes;
    private final AtomicCounter compareReadBytes;
    private final AtomicCounter heldCounter;
    private State state = State.IDLE;
    private long waitingSinceNs;
    private boolean waiting;
    private long gatherBegin;
    private long gatherLimit;
    private long framesStored;
    private boolean failedOnce;
    private boolean held;
    private long heldUntilNs;
    private long nowNs;
    private volatile long appliedPosition;
    private volatile long appliedSequence;
    private volatile int connectedIncarnation;
    private volatile long comparePosition = -1;
    private volatile long damagePosition = -1;
    private volatile long passablePosition;
    private CompareOutcome outcome;
    private volatile boolean haltWanted;
    private volatile boolean halted;

    StreamApply(
            final String machine,
            final JournalCommitter committer,
            final JournalReader reader,
            final ApplyRecord record,
            final StreamHistory history,
            final FrameFetcher fetcher,
            final FrameGatherer gatherer,
            final ApplyStage stage,
            final CounterFactory counters) {
        this.machine = machine;
        this.committer = committer;
        this.reader = reader;
        this.record = record;
        this.history = history;
        this.target = new RetireTarget(committer, history);
        this.pastComparer = history == null ? null : new PastComparer(history, committer, fetcher, stage.comparer());
        this.gatherer = gatherer;
        this.batch = stage.batch();
        this.comparer = stage.comparer();
        final StreamState stored = record.stored();
        this.appliedPosition = stored.appliedPosition();
        this.appliedSequence = stored.appliedSequence();
        appliedPositionCounter = counters.newCounter(ReplicationCounter.JOURNAL_APPLIED_POSITION, machine);
        appliedSequenceCounter = counters.newCounter(ReplicationCounter.APPLIED_SEQUENCE, machine);
        appliedBytes = counters.newCounter(ReplicationCounter.APPLIED_BYTES, machine);
        zeroedBytes = counters.newCounter(ReplicationCounter.ZEROED_BYTES, machine);
        compareReadBytes = counters.newCounter(ReplicationCounter.COMPARE_READ_BYTES, machine);
        heldCounter = counters.newCounter(ReplicationCounter.REPLICA_HELD, machine);
        appliedPositionCounter.setRelease(appliedPosition);
        appliedSequenceCounter.setRelease(appliedSequence);
    }

    /** Any thread: frames below are in the replica, synced, and will not be applied again. */
    public long appliedPosition() {
        return appliedPosition;
    }

    /** Any thread: newest sequence that the replica holds, synced. */
    public long appliedSequence() {
        return appliedSequence;
    }

    /** Receive thread: the incarnation whose sender waits for comparisons; 0 for none. */
    public void connected(final int incarnation) {
        connectedIncarnation = incarnation;
    }

    /** Any thread: true while there is damage that the sender does not compare yet. */
    public boolean isDamaged() {
        return history == null ? damagePosition >= passablePosition : history.isDamaged();
    }

    /** Receive thread: the durable frame at this position makes the sender compare; damage before it may be passed. */
    public void senderCompares(final long position) {
        passablePosition = position;
        if (history != null) {
            history.senderCompares(position);
        }
    }

    /** Receive thread: true when a compare message may be appended to the journal. */
    public boolean mayCompare() {
        return pastComparer == null || pastComparer.hasRoom();
    }

    /** Receive thread: a compare message about this volume was appended to the journal at this position. */
    public void compareWanted(final int incarnation, final StreamVolume volume, final long position) {
        if (pastComparer == null) {
            comparePosition = position;
        } else {
            pastComparer.want(incarnation, volume, position);
        }
    }

    /** Receive thread: a comparison that is done, or null. */
    public CompareOutcome takeOutcome() {
        return outcomes.poll();
    }

    /** A replica that was opened; apply thread. */
    void addReplica(final ReplicaVolume replica) {
        gatherer.addReplica(replica);
        replicas.put(replica.uuid(), replica);
        if (history != null) {
            history.volumes().base(replica.uuid(), replica.path());
        }
    }

    /** A volume of the stream whose replica was opened; apply thread. */
    void announce(final StreamVolume volume) {
        gatherer.announce(volume);
    }

    /** Any thread: nothing more is brought into the replicas, once {@link #isHalted} says so; or it goes on. */
    public void halt(final boolean halt) {
        haltWanted = halt;
    }

    /** Any thread: true when nothing is being brought into the replicas. */
    public boolean isHalted() {
        return haltWanted && halted;
    }

    /** Where the replica of a volume lies, and what the volume is called; any thread. */
    public Map<UUID, ReplicaVolume> replicas() {
        return replicas;
    }

    /**
     * Gives up what the journal holds below a position, and the versions and points with it; durable on return. The stream
     * must be halted, and nothing be received. Apply thread.
     */
    void beginAnew(final long position, final StreamFence.Held held) {
        record.beginAnew(position, held);
        gatherer.restore(record.stored());
        framesStored = gatherer.frameCount();
        reader.seek(position);
        publish(position);
        if (history != null) {
            history.leases().raiseFloor(position);
        }
        target.raiseHorizon(position);
    }

    /** Another window from now on, durable on return; apply thread. */
    void retentionWindow(final long windowNs, final long defaultNs) {
        record.retentionWindow(windowNs);
        if (history != null) {
            history.policy(history.policy().withWindow(windowNs < 0 ? defaultNs : windowNs));
        }
    }

    ReplicaVolume findReplica(final long uuidHigh, final long uuidLow) {
        for (final ReplicaVolume replica : gatherer.replicas()) {
            if (replica.hasUuid(uuidHigh, uuidLow)) {
                return replica;
            }
        }
        return null;
    }

    /** True while the shared batch is this stream's. */
    boolean isActive() {
        return state != State.IDLE;
    }

    /**
     * One step.
     *
     * @param mayBegin true when no other stream has the shared batch.
     */
    int doWork(final long now, final boolean mayBegin) {
        nowNs = now;
        switch (state) {
            case IDLE:
                halted = haltWanted;
                return target.recycle() + (mayBegin && !halted ? idle() : 0);
            case GATHER:
                return gather();
            case COMPARE:
                return compare();
            case WRITE:
                return write();
            case SYNC:
                return sync();
            case RECORD:
            default:
                return storeRecord();
        }
    }

    private int idle() {
        if (held && nowNs - heldUntilNs < 0) {
            return 0;
        }
        if (isDue()) {
            return begin();
        }
        if (pastComparer != null && pastComparer.isDue()) {
            state = State.COMPARE;
            return 1;
        }
        return 0;
    }

    private boolean isDue() {
        final long end = target.position(reader.position());
        final long unread = end - reader.position();
        if (unread <= 0) {
            return false;
        }
        if (!waiting) {
            waiting = true;
            waitingSinceNs = nowNs;
        }
        final long compare = comparePosition;
        return nowNs - waitingSinceNs >= target.delayNs()
                || unread >= DUE_LENGTH
                || (compare >= reader.position() && compare < end);
    }

    private int begin() {
        waiting = false;
        batch.begin(gatherer.replicas());
        gatherBegin = reader.position();
        gatherLimit = target.raiseFloor();
        failedOnce = false;
        state = State.GATHER;
        return 1;
    }

    private int gather() {
        gatherer.gather(history == null ? connectedIncarnation : NO_INCARNATION);
        final long limit = history == null ? committer.durablePosition() : gatherLimit;
        int count = 0;
        try {
            count = reader.poll(gatherer, limit, FRAMES_AT_ONCE);
        } catch (final JournalDamageException e) {
            if (!passDamage(e, limit)) {
                endGather();
                return 1;
            }
        }
        switch (gatherer.pause()) {
            case COMPARE:
                state = State.COMPARE;
                break;
            case REWIND:
                reader.seek(gatherer.rewindPosition());
                break;
            case FULL:
                endGather();
                break;
            case NONE:
            default:
                if (reader.position() >= limit || reader.position() - gatherBegin > GATHER_LENGTH_MAX) {
                    endGather();
                }
                break;
        }
        return count + 1;
    }

    private boolean passDamage(final JournalDamageException damage, final long limit) {
        final long position = reader.position();
        if (history == null ? position < passablePosition : mayPassWithHistory(position)) {
            gatherer.beLenient();
            LOG.warn("stream", machine, "journal", "passed", "range", reader.skipDamage(limit));
            return true;
        }
        if (damagePosition != position) {
            damagePosition = position;
            LOG.warn(
                    "stream",
                    machine,
                    "journal",
                    "damaged",
                    "reason",
                    damage.getMessage(),
                    "next",
                    "the replica stays as it is until the sender compares all of it");
        }
        return false;
    }

    /** The whole stretch counts, also what lies behind the limit of today: it does not become another one tomorrow. */
    private boolean mayPassWithHistory(final long position) {
        final DamagedRange range = reader.skipDamage(committer.durablePosition());
        reader.seek(position);
        return history.mayPass(range.from(), range.to());
    }

    private void endGather() {
        if (!batch.isEmpty()) {
            record.raiseFloor(history == null ? reader.position() : gatherLimit);
            batch.beginWrite();
            state = State.WRITE;
        } else if (gatherer.frameCount() != framesStored) {
            state = State.SYNC;
        } else {
            publish(gatherer.safePosition(reader.position()));
            state = State.IDLE;
        }
    }

    private int compare() {
        return pastComparer == null ? compareReplica() : comparePast();
    }

    private int comparePast() {
        try {
            if (pastComparer.step(connectedIncarnation, outcomes, compareReadBytes)) {
                goOn();
            }
        } catch (final IOException e) {
            hold(e);
        }
        state = State.IDLE;
        return 1;
    }

    private int compareReplica() {
        try {
            if (outcome == null && comparer.step(compareReadBytes)) {
                outcome = comparer.outcome();
            }
            if (outcome == null || !outcomes.offer(outcome)) {
                return outcome == null ? 1 : dropStaleOutcome();
            }
            outcome = null;
            gatherer.compared();
            state = State.GATHER;
            return 1;
        } catch (final IOException e) {
            outcome = null;
            hold(e);
            return 1;
        }
    }

    /** Nobody takes outcomes away when the sender has gone; it will ask again. */
    private int dropStaleOutcome() {
        if (outcome.incarnation() == connectedIncarnation) {
            return 0;
        }
        outcome = null;
        state = State.GATHER;
        return 1;
    }

    private int write() {
        try {
            if (batch.writeStep()) {
                state = State.SYNC;
            }
        } catch (final IOException e) {
            writeAgain(e);
        }
        return 1;
    }

    private int sync() {
        try {
            for (final ReplicaVolume replica : gatherer.replicas()) {
                if (replica.isApplyDirty()) {
                    replica.sync();
                }
            }
            state = State.RECORD;
        } catch (final IOException e) {
            writeAgain(e);
        }
        return 1;
    }

    private void writeAgain(final IOException cause) {
        if (failedOnce) {
            hold(cause);
            return;
        }
        failedOnce = true;
        LOG.warn("stream", machine, "replica", "rewrite", "reason", cause.getMessage());
        batch.beginWrite();
        state = State.WRITE;
    }

    /** Gives the batch up and stands again where the state record says. */
    private void hold(final IOException cause) {
        if (!held) {
            LOG.warn(
                    "stream",
                    machine,
                    "replica",
                    "held",
                    "reason",
                    cause.getMessage(),
                    "advice",
                    "make the replica's disk take writes again; until then the journal keeps what it lacks, from"
                            + " position " + record.stored().appliedPosition());
        }
        held = true;
        heldCounter.setRelease(1);
        heldUntilNs = nowNs + HELD_RETRY_NS;
        gatherer.restore(record.stored());
        reader.seek(record.stored().appliedPosition());
        state = State.IDLE;
    }

    private void goOn() {
        if (held) {
            held = false;
            heldCounter.setRelease(0);
            LOG.info("stream", machine, "replica", "goes-on");
        }
    }

    private int storeRecord() {
        goOn();
        final long position = gatherer.safePosition(reader.position());
        record.applied(position, gatherer);
        framesStored = gatherer.frameCount();
        if (!batch.isEmpty()) {
            appliedBytes.getAndAddRelease(batch.writtenBytes());
            zeroedBytes.getAndAddRelease(batch.zeroedBytes());
        }
        publish(position);
        target.raiseHorizon(position);
        state = State.IDLE;
        return 1;
    }

    private void publish(final long position) {
        appliedSequence = gatherer.sequence();
        appliedPosition = position;
        appliedSequenceCounter.setRelease(appliedSequence);
        appliedPositionCounter.setRelease(position);
    }

    void close() {
        if (pastComparer != null) {
            pastComparer.close();
        }
        reader.close();
        record.close();
        gatherer.replicas().forEach(ReplicaVolume::close);
    }
}
