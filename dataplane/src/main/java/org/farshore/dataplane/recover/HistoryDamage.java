package org.farshore.dataplane.recover;

import org.farshore.dataplane.runtime.StateLog;

/**
 * Journal that was durable and cannot be read any more: states behind it lack its writes. From the moment it is found until
 * the journal says that the sender compares everything, no point is offered: those that are there and those that still come
 * are withdrawn. What the sender then finds different it sends again, and the first point behind that is whole.
 *
 * <p>Found by the thread that follows the journal, by the apply thread, or at the start; all others only look.
 */
final class HistoryDamage {
    private static final StateLog LOG = StateLog.of(HistoryDamage.class);
    private static final long NONE = -1;

    private final String machine;
    private final RecoveryPoints points;
    private long open = NONE;
    private long withdrawnTo;
    private volatile long newest = NONE;
    private volatile long reported = NONE;
    private volatile long comparedFrom = NONE;
    private volatile long closedFrom = NONE;
    private volatile long closedTo = NONE;
    private long reportTaken = NONE;

    HistoryDamage(final String machine, final RecoveryPoints points) {
        this.machine = machine;
        this.points = points;
        final long left = points.openWithdrawal();
        if (left != NONE) {
            found(left);
        }
    }

    /** Any thread: position of damage from which on the sender has not begun to compare; -1 for none. */
    long position() {
        final long position = Math.max(newest, reported);
        return position >= comparedFrom ? position : NONE;
    }

    /** One other thread: journal at this position cannot be read. */
    void report(final long position) {
        reported = position;
    }

    /** Any thread: the durable frame at this position makes the sender compare everything. */
    void senderCompares(final long position) {
        comparedFrom = position;
    }

    /** Any thread: true when a moment lies in the stretch that was withdrawn last. */
    boolean isWithdrawn(final long position) {
        return position > closedFrom && position <= closedTo;
    }

    /** Any thread: true when all points from damage on to where the sender compares are withdrawn. */
    boolean isWithdrawn(final long from, final long to) {
        return closedTo >= to && closedFrom <= from;
    }

    /** Following thread: journal at this position cannot be read. */
    void found(final long position) {
        if (open == NONE) {
            LOG.warn(
                    "stream",
                    machine,
                    "journal",
                    "damaged",
                    "position",
                    position,
                    "next",
                    "no point behind it is offered until the sender has compared all of it");
        }
        open = open == NONE ? position : Math.min(open, position);
        newest = Math.max(newest, position);
    }

    /** Following thread: true while points behind damage are being withdrawn. */
    boolean isOpen() {
        return open != NONE;
    }

    /** Following thread: withdraws what lies behind open damage; returns work done. */
    int doWork() {
        if (reported != reportTaken) {
            reportTaken = reported;
            found(reportTaken);
        }
        if (open == NONE) {
            return 0;
        }
        final long compared = comparedFrom;
        final boolean isOver = compared > newest && points.position() > compared;
        final long to = isOver ? compared : points.position();
        int work = 0;
        if (to > open && to > withdrawnTo) {
            points.withdraw(open, to);
            points.sync();
            withdrawnTo = to;
            closedTo = NONE;
            closedFrom = open;
            closedTo = to;
            work = 1;
        }
        if (isOver) {
            open = NONE;
            withdrawnTo = 0;
        }
        return work;
    }
}
