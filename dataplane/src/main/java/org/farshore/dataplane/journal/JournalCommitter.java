package org.farshore.dataplane.journal;

import java.io.IOException;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;

/**
 * Makes the groups of one stream durable, in order, one at a time: direct writes, the group, one sync, and only then the
 * next. Lives on the commit thread; the methods for the other threads are marked.
 *
 * <p>A write or a sync that failed poisons the stream: the page cache may show bytes that the disk lacks, and a second sync
 * would answer that all is well. Nothing is written or synced any more, what is under way stays unacknowledged and comes
 * again from upstream after a restart.
 *
 * <p>A replica that does not take a group's direct writes is another disk's affair: the group is held, with everything that
 * is to be written, and tried again every few seconds. Meanwhile nothing of this stream becomes durable and the sender is
 * held back; other streams go on.
 */
public final class JournalCommitter {
    private static final StateLog LOG = StateLog.of(JournalCommitter.class);
    private static final long HELD_RETRY_NS = 2_000_000_000L;
    private static final long HELD_FOR_REPLICA = 2;

    private final JournalContext context;
    private final SegmentRing ring;
    private final Positions positions;
    private final OneToOneConcurrentArrayQueue<JournalGroup> closed =
            new OneToOneConcurrentArrayQueue<>(JournalLimits.GROUPS_MAX);
    private final OneToOneConcurrentArrayQueue<JournalGroup> done =
            new OneToOneConcurrentArrayQueue<>(JournalLimits.GROUPS_MAX);
    private long syncMaxUs;
    private JournalGroup held;
    private long heldRetryAtNs;
    private volatile long durablePosition;
    private volatile boolean poisoned;

    JournalCommitter(final JournalContext context, final SegmentRing ring, final long endPosition) {
        this.context = context;
        this.ring = ring;
        this.positions = new Positions(context.segmentLength());
        this.durablePosition = endPosition;
        context.durablePositionCounter().setRelease(endPosition);
    }

    /** Receive thread. */
    void offer(final JournalGroup group) {
        if (!closed.offer(group)) {
            throw new FarshoreException(
                    ExitCode.INVARIANT, "more than " + JournalLimits.GROUPS_MAX + " journal groups");
        }
    }

    /** Receive thread: a group that is durable, or null. */
    JournalGroup takeDone() {
        return done.poll();
    }

    /** Receive thread: newest segment that may be written. */
    long preparedSegment() {
        return ring.preparedSegment();
    }

    /** Any thread: end of the newest group that is synced. */
    public long durablePosition() {
        return durablePosition;
    }

    /** Any thread: true when nothing more will become durable. */
    public boolean isPoisoned() {
        return poisoned;
    }

    /** Apply thread: segments that end at or below {@code horizon} may be reused; the state that says so is synced. */
    public void recycleBelow(final long horizon) {
        ring.recycleBelow(horizon);
    }

    /** Any thread: all segments are in use, and the sender is held back, or will be soon. */
    public boolean isFull() {
        return ring.isFull();
    }

    /**
     * Commits at most one group and does at most one slice of preparing segments.
     *
     * @throws FarshoreException STORAGE, once, when a disk failed.
     */
    int doWork(final long nowNs) {
        if (poisoned) {
            return 0;
        }
        int work = 0;
        if (held == null || nowNs - heldRetryAtNs >= 0) {
            final JournalGroup group = held == null ? closed.poll() : held;
            if (group != null) {
                commit(group, nowNs);
                work++;
            }
        }
        return work + ring.prepare(nowNs);
    }

    private void commit(final JournalGroup group, final long nowNs) {
        if (runDirectWrites(group, nowNs)) {
            write(group);
        }
    }

    private boolean runDirectWrites(final JournalGroup group, final long nowNs) {
        try {
            group.runDirectWrites();
        } catch (final IOException e) {
            if (held == null) {
                LOG.warn(
                        "journal",
                        context.directory(),
                        "event",
                        "held",
                        "reason",
                        e.getMessage(),
                        "advice",
                        "make the replica's disk take writes again; until then this machine's sender is held"
                                + " back, and nothing is lost");
            }
            held = group;
            heldRetryAtNs = nowNs + HELD_RETRY_NS;
            context.heldCounter().setRelease(HELD_FOR_REPLICA);
            return false;
        }
        if (held != null) {
            held = null;
            context.heldCounter().setRelease(0);
            LOG.info("journal", context.directory(), "event", "goes-on");
        }
        return true;
    }

    private void write(final JournalGroup group) {
        final long position = positions.of(group.segmentNumber(), group.segmentOffset());
        final long begunNs = context.clocks().nanoTime();
        try {
            ring.write(group.segmentNumber(), group.bytes(), group.segmentOffset());
            ring.sync(group.segmentNumber());
        } catch (final IOException | RuntimeException e) {
            poisoned = true;
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "journal " + context.directory() + " stops at position " + position + " (offset "
                            + group.segmentOffset() + "): " + e.getMessage()
                            + "; nothing from there on is durable and the file is not touched again: see to the disk, then"
                            + " start again, and what was not acknowledged is sent again",
                    e);
        }
        final long tookUs = (context.clocks().nanoTime() - begunNs) / 1_000;
        if (tookUs > syncMaxUs) {
            syncMaxUs = tookUs;
            context.syncMaxCounter().setRelease(tookUs);
        }
        context.syncsCounter().incrementRelease();
        final long end = position + group.length();
        durablePosition = end;
        context.durablePositionCounter().setRelease(end);
        if (!done.offer(group)) {
            throw new FarshoreException(
                    ExitCode.INVARIANT, "more than " + JournalLimits.GROUPS_MAX + " journal groups");
        }
    }

    /** Commits what was closed, for an orderly stop; what cannot be is not acknowledged and comes again. */
    void drain() {
        final long nowNs = context.clocks().nanoTime();
        for (JournalGroup group = next(); group != null; group = next()) {
            commit(group, nowNs);
        }
    }

    private JournalGroup next() {
        return poisoned || held != null ? null : closed.poll();
    }

    void close() {
        ring.close();
    }
}
