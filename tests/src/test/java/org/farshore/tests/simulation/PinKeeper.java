package org.farshore.tests.simulation;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.farshore.dataplane.mastertarget.MasterTargetAgents;
import org.farshore.dataplane.recover.FollowAgent;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.StreamHistory;

/**
 * Pins points and gives pins up, by requests to the role, whatever becomes of it meanwhile. A pin that was answered is there
 * after every start, and its point is offered, however old, until giving it up was asked for; one that was given up is gone.
 * What was asked for and not answered may have happened or not.
 */
final class PinKeeper {
    private static final int PINS_MAX = 3;

    private final Dice dice;
    private final Tally tally;
    private final Map<String, RecoveryPoint> kept = new TreeMap<>();
    private Order asked;
    private int count;

    private static final class Order extends FollowAgent.Request {
        private final String name;
        private final RecoveryPoint pointOrNull;

        Order(final StreamHistory history, final String name, final RecoveryPoint pointOrNull) {
            super(history);
            this.name = name;
            this.pointOrNull = pointOrNull;
        }

        @Override
        protected String execute(final StreamHistory history) {
            return pointOrNull == null
                    ? history.points().pins().unpin(name)
                    : history.points().pins().pin(name, pointOrNull);
        }
    }

    PinKeeper(final Dice dice, final Tally tally) {
        this.dice = dice;
        this.tally = tally;
    }

    /** The role is no more: what it was asked for last is in doubt. */
    void stopped() {
        if (asked != null) {
            kept.remove(asked.name);
            asked = null;
        }
    }

    /** Looks at a history that has followed everything, and perhaps wants something new of it. */
    void check(final MasterTargetAgents target, final StreamHistory history, final boolean mayMiss) {
        if (isWaiting()) {
            return;
        }
        final Map<String, Long> pins = history.points().pins().sequences();
        kept.forEach((name, point) -> {
            if (!Long.valueOf(point.sequence()).equals(pins.get(name))) {
                throw new Violation("I9", "pin " + name + " of " + point + " is gone; there are " + pins);
            }
            if (!mayMiss && !isOffered(history, point)) {
                throw new Violation("I9", "pin " + name + " keeps what is not offered: " + point);
            }
            tally.reached(Rarity.PINNED);
        });
        want(target, history);
    }

    private static boolean isOffered(final StreamHistory history, final RecoveryPoint point) {
        return history.points().list(Set.of(point.volumes().get(0).uuid())).stream()
                .anyMatch(one -> one.sequence() == point.sequence());
    }

    private boolean isWaiting() {
        if (asked != null && asked.isDone()) {
            if (asked.pointOrNull != null && asked.refusal() == null) {
                kept.put(asked.name, asked.pointOrNull);
            } else {
                kept.remove(asked.name);
            }
            asked = null;
        }
        return asked != null;
    }

    private void want(final MasterTargetAgents target, final StreamHistory history) {
        final List<RecoveryPoint> points = history.points().list(List.of());
        if (!kept.isEmpty() && (kept.size() == PINS_MAX || dice.oneIn(16))) {
            final List<String> names = List.copyOf(kept.keySet());
            ask(target, new Order(history, names.get(dice.below(names.size())), null));
        } else if (!points.isEmpty() && dice.oneIn(8)) {
            ask(target, new Order(history, "pin" + ++count, points.get(dice.below(points.size()))));
        }
    }

    /** Gives up one pin after the other, also those in doubt; true when there are no more. */
    boolean isOver(final MasterTargetAgents target, final StreamHistory history) {
        if (isWaiting()) {
            return false;
        }
        final Iterator<String> names =
                history.points().pins().sequences().keySet().iterator();
        if (names.hasNext()) {
            ask(target, new Order(history, names.next(), null));
            return false;
        }
        return true;
    }

    private void ask(final MasterTargetAgents target, final Order order) {
        if (target.followAgent().offer(order)) {
            asked = order;
        }
    }
}
