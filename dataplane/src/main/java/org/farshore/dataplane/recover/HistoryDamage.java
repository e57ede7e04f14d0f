package org.farshore.dataplane.recover;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.farshore.dataplane.index.LostJournal;
import org.farshore.dataplane.runtime.StateLog;

/**
 * Journal that was durable and cannot be read any more: states behind it lack its writes. From the moment it is found until
 * the journal says that the sender compares everything, no point is offered: those that are there and those that still come
 * are withdrawn. What the sender then finds different it sends again, and the first point behind that is whole.
 *
 * <p>The comparison must begin <em>after</em> the damage was found, not only behind its place: one that ran while the frame
 * could still be read saw its bytes, and sent nothing.
 *
 * <p>Found by the thread that follows the journal, by the apply thread, or at the start; all others only look.
 */
final class HistoryDamage {
    private static final StateLog LOG = StateLog.of(HistoryDamage.class);
    private static final long NONE = -1;

    private final String machine;
    private final RecoveryPoints points;
    private final List<Passable> pending = new ArrayList<>();
    private long open = NONE;
    private long withdrawnTo;
    private volatile long foundEnd = NONE;
    private volatile Passable reported;
    private volatile Passable reportSeen;
    private volatile long comparedFrom = NONE;
    private volatile Passable withdrawn = new Passable(NONE, NONE, NONE);
    private volatile List<Passable> passable = List.of();
    private volatile List<Passable> condemned = List.of();
    private volatile List<Torn> torn = List.of();

    /** Journal from {@code from} on, before {@code to}, whose content the sender has compared from a frame on. */
    private record Passable(long from, long to, long comparedFrom) {}

    /** States behind {@code from}, up to and with {@code to}, lack journal; {@code to} is not known while damage is open. */
    private record Torn(long from, long to) {
        static final long OPEN = Long.MAX_VALUE;
    }

    /**
     * Knows what the catalogue knows.
     *
     * @param end of the journal as it was found.
     */
    HistoryDamage(final String machine, final RecoveryPoints points, final long end) {
        this.machine = machine;
        this.points = points;
        torn = points.withdrawals().stream()
                .map(entry -> new Torn(entry.first(), entry.second()))
                .toList();
        final long left = points.openWithdrawal();
        if (left != NONE) {
            found(left, left + 1, end);
        }
    }

    /** Any thread: true until the sender compares everything from a frame on that is newer than what was found. */
    boolean isUncompared() {
        return comparedFrom < foundEnd || !Objects.equals(reported, reportSeen);
    }

    /** Apply thread: journal at this position cannot be read. */
    void report(final long from, final long to) {
        reported = new Passable(from, to, NONE);
    }

    /** Any thread: the durable frame at this position makes the sender compare everything. */
    void senderCompares(final long position) {
        comparedFrom = position;
    }

    /** Any thread: true when a moment lies in the stretch that was withdrawn last. */
    boolean isWithdrawn(final long position) {
        final Passable last = withdrawn;
        return position > last.from && position <= last.to;
    }

    /**
     * Apply thread: whether a stretch of journal may be left out. If not, it is taken for damage that was found just now.
     *
     * @param leases a view of a state behind the damage would change: it is waited for.
     */
    boolean mayPass(final long from, final long to, final ViewLeases leases) {
        for (final Passable range : passable) {
            if (from >= range.from && to <= range.to) {
                return leases.lowestHeldPosition() > range.comparedFrom;
            }
        }
        if (reported == null || reported.from != from || reported.to != to) {
            report(from, to);
        }
        return false;
    }

    /**
     * Any thread: true for a frame that could not be read once. Nobody shows it again, from memory or because a disk has come
     * round: a comparison that saw it would find nothing to send, and the replica goes on without it.
     */
    boolean isCondemned(final long position) {
        final List<Passable> ranges = condemned;
        for (int i = 0; i < ranges.size(); i++) {
            if (position >= ranges.get(i).from && position < ranges.get(i).to) {
                return true;
            }
        }
        return false;
    }

    /**
     * Follow thread: journal cannot be read.
     *
     * @param end of the durable journal now.
     */
    void found(final long from, final long to, final long end) {
        if (open == NONE) {
            LOG.warn(
                    "stream",
                    machine,
                    "journal",
                    "damaged",
                    "position",
                    from,
                    "next",
                    "no point behind it is offered until the sender has compared all of it");
        }
        open = open == NONE ? from : Math.min(open, from);
        tearTo(Torn.OPEN);
        final Passable range = new Passable(from, Math.max(to, from + 1), NONE);
        pending.add(range);
        condemned = with(condemned, range);
        foundEnd = Math.max(foundEnd, end);
    }

    /**
     * Any thread: true when a state lacks journal that was lost. One behind the sender's comparison has all of it again, and
     * so has every state once the base copies were brought past: they never are while a view shows one that lacks it.
     *
     * @param baseHorizon everything below is in the base copies. The floor would not do: it is raised before them.
     */
    boolean isLacking(final LostJournal range, final long position, final long baseHorizon) {
        if (position <= range.from() || range.to() <= baseHorizon) {
            return false;
        }
        boolean isKnown = false;
        for (final Torn one : torn) {
            if (range.from() >= one.from && range.from() < one.to) {
                isKnown = true;
                if (position <= one.to) {
                    return true;
                }
            }
        }
        return !isKnown;
    }

    /** Follow thread: damage of an earlier life, whose points are withdrawn and which the sender has compared since. */
    void known(final long from, final long to) {
        passable = with(passable, new Passable(from, to, withdrawn.to));
    }

    /** States behind open damage are torn up to here. */
    private void tearTo(final long to) {
        final List<Torn> more = new ArrayList<>(torn);
        more.removeIf(one -> one.to == Torn.OPEN);
        more.add(new Torn(open, to));
        torn = List.copyOf(more);
    }

    private static List<Passable> with(final List<Passable> ranges, final Passable range) {
        final List<Passable> more = new ArrayList<>(ranges);
        more.add(range);
        return List.copyOf(more);
    }

    /** Follow thread: true while points behind damage are being withdrawn. */
    boolean isOpen() {
        return open != NONE;
    }

    /**
     * Follow thread: withdraws what lies behind open damage; returns work done.
     *
     * @param followed position up to which the journal was followed.
     * @param end of the durable journal now.
     */
    int doWork(final long followed, final long end) {
        final Passable report = reported;
        if (!Objects.equals(report, reportSeen)) {
            found(report.from, report.to, end);
            reportSeen = report;
        }
        if (open == NONE) {
            return 0;
        }
        final long compared = comparedFrom;
        final boolean isOver = compared >= foundEnd && followed >= compared;
        final long to = isOver ? compared : followed;
        int work = 0;
        if (to > open && to > withdrawnTo) {
            points.withdraw(open, to);
            points.sync();
            withdrawn = new Passable(open, to, NONE);
            withdrawnTo = to;
            work = 1;
        }
        if (isOver) {
            for (final Passable range : pending) {
                passable = with(passable, new Passable(range.from, range.to, compared));
            }
            tearTo(compared);
            pending.clear();
            open = NONE;
            withdrawnTo = 0;
        }
        return work;
    }

    /** Follow thread: forgets what the base copies have passed. */
    void forgetBelow(final long horizon) {
        if (!condemned.isEmpty()) {
            passable = passable.stream().filter(range -> range.to > horizon).toList();
            condemned = condemned.stream().filter(range -> range.to > horizon).toList();
            torn = torn.stream().filter(range -> range.to > horizon).toList();
        }
    }
}
