package org.farshore.dataplane.retire;

import org.farshore.dataplane.journal.JournalCommitter;
import org.farshore.dataplane.recover.StreamHistory;

/**
 * How far a stream may be brought into its replicas, and when its segments may be reused. Without a history that is all that
 * is durable, at once; with one it is what {@link StreamHistory#retirePosition} says and no lease minds, and segments wait
 * until no lookup reads them any more. Apply thread.
 */
final class RetireTarget {
    private static final long DELAY_NS = 1_000_000_000L;

    private final JournalCommitter committer;
    private final StreamHistory history;
    private long horizon;

    RetireTarget(final JournalCommitter committer, final StreamHistory history) {
        this.committer = committer;
        this.history = history;
    }

    /** How far reading could go now. */
    long position(final long readPosition) {
        if (history == null) {
            return committer.durablePosition();
        }
        final long target = history.retirePosition();
        return target > readPosition ? Math.min(target, history.leases().lowestHeldPosition()) : target;
    }

    /** Raises the floor in memory: from now on nobody can ask for a moment below. Answers how far reading may go. */
    long raiseFloor() {
        if (history == null) {
            return committer.durablePosition();
        }
        final long target = history.retirePosition();
        return Math.min(target, history.leases().raiseFloor(target));
    }

    /** How long frames wait for more of their kind; a block that is overwritten meanwhile is applied once. */
    long delayNs() {
        if (history == null) {
            return DELAY_NS;
        }
        if (committer.isFull()) {
            return 0;
        }
        return history.keepsNothing() ? DELAY_NS : history.policy().retireDelayNs();
    }

    /** The replicas hold, synced, everything below, and the state record says so. */
    void raiseHorizon(final long position) {
        if (history == null) {
            committer.recycleBelow(position);
            return;
        }
        history.raiseHorizon(position);
        horizon = position;
    }

    /** Lets segments go of which no lookup begins to read any more; work done. */
    int recycle() {
        if (horizon == 0 || !history.isHorizonRaised(horizon)) {
            return 0;
        }
        committer.recycleBelow(horizon);
        horizon = 0;
        return 1;
    }
}
