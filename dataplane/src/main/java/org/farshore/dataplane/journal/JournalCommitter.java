package org.farshore.dataplane.journal;

import java.io.IOException;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Makes the groups of one stream durable, in order, one at a time: direct writes, the group, one sync, and only then the
 * next. Lives on the commit thread; the methods for the other threads are marked.
 *
 * <p>A write or a sync that failed poisons the stream: the page cache may show bytes that the disk lacks, and a second sync
 * would answer that all is well. Nothing is written or synced any more, what is under way stays unacknowledged and comes
 * again from upstream after a restart.
 */
public final class JournalCommitter {
    private final JournalContext context;
    private final SegmentRing ring;
    private final Positions positions;
    private final OneToOneConcurrentArrayQueue<JournalGroup> closed =
            new OneToOneConcurrentArrayQueue<>(JournalLimits.GROUPS_MAX);
    private final OneToOneConcurrentArrayQueue<JournalGroup> done =
            new OneToOneConcurrentArrayQueue<>(JournalLimits.GROUPS_MAX);
    private long syncMaxUs;
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
        final JournalGroup group = closed.poll();
        if (group != null) {
            commit(group);
            work++;
        }
        return work + ring.prepare(nowNs);
    }

    private void commit(final JournalGroup group) {
        final long position = positions.of(group.segmentNumber(), group.segmentOffset());
        final long begunNs = context.clocks().nanoTime();
        try {
            group.runDirectWrites();
            ring.write(group.segmentNumber(), group.bytes(), group.segmentOffset());
            ring.sync(group.segmentNumber());
        } catch (final IOException | RuntimeException e) {
            poisoned = true;
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "journal " + context.directory() + " stops at position " + position
                            + ", nothing behind it is durable: " + e.getMessage(),
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

    /** Commits what was closed, for an orderly stop. */
    void drain() {
        for (JournalGroup group = poisoned ? null : closed.poll(); group != null; group = closed.poll()) {
            commit(group);
        }
    }

    void close() {
        ring.close();
    }
}
