package org.farshore.dataplane.recover;

import java.util.List;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.index.LostJournal;
import org.farshore.dataplane.index.VersionIndex;
import org.farshore.dataplane.index.VersionIndexContext;
import org.farshore.dataplane.journal.DamagedRange;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalCommitter;
import org.farshore.dataplane.journal.JournalDamageException;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The past of one stream: its version index, its recovery points, who holds which moment, and how far retire may go.
 *
 * <pre>
 *   journal ──► index (versions)      ┐
 *           └─► points, checkpoint    ├──► retire position ──► apply thread
 *   views, pins, comparisons: leases  ┘
 * </pre>
 *
 * <p><b>Threads.</b> Made by the apply thread; then {@link #doWork} belongs to the follow thread ({@link FollowAgent}), and
 * so does everything that {@link #points} answers: other threads ask through {@link FollowAgent.Request}. Leases, views and
 * the positions below are for any thread.
 */
public final class StreamHistory implements AutoCloseable {
    private static final int FRAMES_AT_ONCE = 256;
    private static final long SYNC_INTERVAL_NS = 2_000_000_000L;

    private final BlockFiles files;
    private final HistoryContext context;
    private final Journal journal;
    private final JournalCommitter committer;
    private final ViewLeases leases;
    private final RecoveryPoints points;
    private final VersionIndex index;
    private final JournalReader reader;
    private final StreamCheckpoint checkpoint;
    private final HistoryDamage damage;
    private final RetentionGauges gauges;
    private final PastVolumes volumes;
    private final JournalFrameHandler frameHandler = this::onFrame;
    private final JournalFrameHandler companion = this::onIndexedFrame;
    private long seenFloor;
    private long seenChanges = -1;
    private long rulePosition;
    private long newestPointNs;
    private long syncDueNs;
    private List<LostJournal> lostSeen = List.of();
    private long giveUpPosition = -1;
    private volatile RetentionPolicy policy;
    private volatile boolean policyChanged;
    private volatile long retirePosition;
    private volatile long baseHorizon;
    private volatile boolean keepsNothing;

    /**
     * Opens index and points of a stream whose journal is open.
     *
     * @param context concluded.
     * @throws FarshoreException STORAGE when the pins are damaged or a directory cannot be written.
     */
    public StreamHistory(final HistoryContext context) {
        this.context = context;
        files = context.journalContext().files();
        journal = context.journal();
        committer = journal.committer();
        policy = context.policy();
        leases = new ViewLeases(context.state().floor());
        final long end = journal.recovered().endPosition();
        points = RecoveryPoints.open(files, context.directory(), context.state(), end, leases, journal::newReader);
        damage = new HistoryDamage(context.machine(), points, end);
        for (final DamagedRange range : journal.recovered().damages()) {
            damage.found(range.from(), range.to(), end);
        }
        index = new VersionIndex(indexContext());
        checkpoint = context.checkpoint();
        reader = journal.newReader(Math.min(points.position(), checkpoint.position()));
        gauges = new RetentionGauges(context.machine(), context.counters());
        volumes = new PastVolumes(this, context, damage);
        retirePosition = context.state().appliedPosition();
        baseHorizon = retirePosition;
    }

    private VersionIndexContext indexContext() {
        final VersionIndexContext indexContext = new VersionIndexContext()
                .files(files)
                .directory(context.directory().resolve(VersionIndexContext.DIRECTORY_NAME))
                .machine(context.machine())
                .journal(context.journalContext(), journal)
                .horizonSegment(segmentOf(context.state().horizon()))
                .horizonPosition(context.state().horizon())
                .residentFiles(context.indexResidentFiles());
        if (context.indexPagesPerFile() > 0) {
            indexContext.pagesPerFile(context.indexPagesPerFile());
        }
        return indexContext.conclude();
    }

    /** Segments below may be reused when everything below a horizon is in the base copies. */
    private long segmentOf(final long horizon) {
        return horizon / context.journalContext().segmentLength();
    }

    /** The machine's id as 32 hexadecimal digits. */
    public String machine() {
        return context.machine();
    }

    /** Versions of every block; readers may be made by any thread. */
    public VersionIndex index() {
        return index;
    }

    /** The recovery points; follow thread only, others use {@link FollowAgent.Request}. */
    public RecoveryPoints points() {
        return points;
    }

    /** Who holds which moment; any thread. */
    public ViewLeases leases() {
        return leases;
    }

    /** Opens volumes as they were; any thread. */
    public PastVolumes volumes() {
        return volumes;
    }

    /** How long points are kept, and in how much room; any thread. */
    public RetentionPolicy policy() {
        return policy;
    }

    /** Apply thread: another policy, which the stream's state record has. */
    public void policy(final RetentionPolicy value) {
        policy = value;
        policyChanged = true;
    }

    /** Any thread: the base copies may be brought up to here when no lease minds; 0 while nothing is known. */
    public long retirePosition() {
        return retirePosition;
    }

    /** Any thread: true while there is no point to keep, as during an initial copy. */
    public boolean keepsNothing() {
        return keepsNothing;
    }

    /** Any thread: no lookup reads a segment that ends at or below this horizon, which was raised before. */
    public boolean isHorizonRaised(final long horizon) {
        return index.horizonSegment() >= segmentOf(horizon);
    }

    /** Any thread: no lookup finds a version in a frame below. */
    public long horizonPosition() {
        return index.horizonSegment() * context.journalContext().segmentLength();
    }

    /** Any thread: the base copies hold everything below. */
    long baseHorizon() {
        return baseHorizon;
    }

    /** Apply thread: the base copies hold, synced, everything below, and the stored horizon says so. */
    public void raiseHorizon(final long horizon) {
        baseHorizon = horizon;
        index.raiseHorizon(segmentOf(horizon));
    }

    /** Any thread: true while there is damaged journal and the sender has not begun to compare since it was found. */
    public boolean isDamaged() {
        return damage.isUncompared();
    }

    /**
     * Apply thread: whether the base copies may leave out a stretch of journal, which cannot be read and makes states
     * behind it wrong. Not before the sender compares and all points up to there are withdrawn, and not while a view shows
     * one of those states.
     */
    public boolean mayPass(final long from, final long to) {
        return damage.mayPass(from, to, leases);
    }

    /** Apply thread: the journal at this position cannot be read; the sender is made to compare anew. */
    public void reportDamage(final long position) {
        damage.report(position, position + 1);
    }

    /** Receive thread: the durable frame at this position makes the sender compare everything. */
    public void senderCompares(final long position) {
        damage.senderCompares(position);
    }

    /**
     * Follow thread: gives up every point there is, so that a resync that does not fit into the journal can go on (F12): until
     * a newer point names every volume nothing is kept. On the word of an operator only; a restart forgets it.
     */
    public void giveUpPoints() {
        giveUpPosition = points.position();
        policyChanged = true;
    }

    /** One duty cycle of the follow thread; bounded. */
    int doWork(final long nowNs) {
        int work = followWithIndex(nowNs) + damage.doWork(reader.position(), committer.durablePosition());
        if (!damage.isOpen()) {
            work += checkpoint.storeIfDue(nowNs, baseHorizon, committer.durablePosition());
        }
        final long floor = leases.floor();
        if (floor != seenFloor) {
            seenFloor = floor;
            points.dropBelowFloor();
            damage.forgetBelow(index.horizonSegment() * context.journalContext().segmentLength());
            policyChanged = true;
        }
        if (points.changes() != seenChanges) {
            seenChanges = points.changes();
            newestPointNs = nowNs;
            policyChanged = true;
        }
        retarget(nowNs);
        if (nowNs - syncDueNs >= 0) {
            syncDueNs = nowNs + SYNC_INTERVAL_NS;
            points.sync();
            gauges.show(this, usedBytes());
        }
        return work;
    }

    /**
     * While points and index stand at one place, the journal is read and checked once for both. Else they come together
     * again: who is behind reads on, who is ahead waits for it, but not for an index that is being loaded or has no room.
     */
    private int followWithIndex(final long nowNs) {
        final long durable = committer.durablePosition();
        int work = 0;
        if (reader.position() < index.readPosition()) {
            work += follow(index.readPosition());
        }
        final boolean together = reader.position() == index.readPosition();
        final int indexed = together ? index.doWork(nowNs, companion) : index.doWork(nowNs);
        takeDamageOfIndex();
        if (indexed == 0 || !index.isReady()) {
            work += follow(durable);
        } else if (together) {
            // What is no frame, or cannot be read.
            work += follow(index.readPosition());
        }
        return work + indexed;
    }

    private boolean onIndexedFrame(
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        reader.seek(position + frame.alignedLength());
        return onFrame(position, frame, buffer, bodyOffset, bodyLength);
    }

    private int follow(final long limit) {
        int count = 0;
        try {
            count = reader.poll(frameHandler, limit, FRAMES_AT_ONCE);
        } catch (final JournalDamageException e) {
            final DamagedRange range = reader.skipDamage(limit);
            damage.found(range.from(), range.to(), committer.durablePosition());
            count++;
        }
        return count;
    }

    private boolean onFrame(
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        checkpoint.onFrame(position, frame, buffer, bodyOffset, bodyLength);
        return points.follower().onFrame(position, frame, buffer, bodyOffset, bodyLength);
    }

    /** What the index could not read is damage, too, whether or not it can be read a second time. */
    private void takeDamageOfIndex() {
        final List<LostJournal> lost = index.lostJournal();
        if (lost != lostSeen && index.isReady()) {
            final boolean isSame = lost.equals(lostSeen);
            lostSeen = lost;
            if (isSame) {
                return;
            }
            for (final LostJournal range : lost) {
                if (!points.isWithdrawn(range.from() + 1)) {
                    damage.found(range.from(), range.to(), committer.durablePosition());
                } else if (!damage.isOpen()) {
                    damage.known(range.from(), range.to());
                }
            }
        }
    }

    /** A point that was found just now must count before anything behind it may be retired. */
    private void retarget(final long nowNs) {
        final boolean isHeld = committer.isFull();
        if (policyChanged || isHeld) {
            policyChanged = false;
            final long heldNs = isHeld ? nowNs - newestPointNs : 0;
            final boolean givenUp = giveUpPosition >= 0 && !points.isWholeBehind(giveUpPosition);
            giveUpPosition = givenUp ? giveUpPosition : -1;
            rulePosition = policy.isOff() || givenUp
                    ? RetentionRule.EVERYTHING
                    : points.retirePosition(policy.windowNs(), leases.floor(), heldNs);
            keepsNothing = rulePosition == RetentionRule.EVERYTHING;
        }
        retirePosition = Math.min(rulePosition, Math.min(points.position(), index.indexedPosition()));
    }

    /** Follow thread: true when everything that is durable now was followed, by the points and by what was seen of them. */
    public boolean isFollowed() {
        return reader.position() >= committer.durablePosition();
    }

    /** Any thread: true when everything below a position has its versions. */
    public boolean isIndexed(final long position) {
        return index.indexedPosition() >= position;
    }

    /** Any thread: bytes of the journal that cannot be reused yet. */
    public long usedBytes() {
        final long segmentLength = context.journalContext().segmentLength();
        return (committer.durablePosition() / segmentLength - index.horizonSegment() + 1) * segmentLength;
    }

    @Override
    public void close() {
        points.sync();
        points.close();
        reader.close();
        checkpoint.close();
        index.close();
        volumes.close();
    }
}
