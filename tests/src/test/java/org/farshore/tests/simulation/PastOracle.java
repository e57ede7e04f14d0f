package org.farshore.tests.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.farshore.dataplane.mastertarget.MasterTargetAgents;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.volume.StreamVolume;

/**
 * Holds what the master target offers of its past against what was promised at each cut: a view of any offered point shows
 * the true prefix, byte for byte, and no point that is younger than the window, and no newest one of a volume, is ever
 * missing. Some views are held open while the world goes on, and must not change.
 *
 * <p>Where a bit of the journal was flipped points may be withdrawn and reads refused; other bytes are wrong all the same.
 */
final class PastOracle {
    private static final int VIEWS_MAX = 3;
    private static final int CUTS_MAX = 4096;

    private final long windowNs;
    private final Dice dice;
    private final Tally tally;
    private final TreeMap<Long, Cut> cuts = new TreeMap<>();
    private final List<Held> held = new ArrayList<>();
    private final Set<Integer> left = new HashSet<>();
    private boolean mayMiss;

    private record Cut(long captureNs, Map<Integer, byte[]> copies) {}

    private record Held(RecoveryView view, ViewAccess access, byte[] expected, String what) {
        void close() {
            access.close();
            view.close();
        }
    }

    PastOracle(final long windowNs, final Dice dice, final Tally tally) {
        this.windowNs = windowNs;
        this.dice = dice;
        this.tally = tally;
    }

    /** A point became durable: what it promises of the volumes that it names. */
    void onCut(
            final long sequence, final long captureNs, final List<Integer> named, final Map<Integer, byte[]> copies) {
        final Map<Integer, byte[]> kept = new HashMap<>();
        named.forEach(volume -> kept.put(volume, copies.get(volume).clone()));
        cuts.put(sequence, new Cut(captureNs, kept));
        while (cuts.size() > CUTS_MAX) {
            cuts.pollFirstEntry();
        }
    }

    /** What a volume held at a point; null when that is not known. */
    byte[] contentAt(final long sequence, final int volume) {
        final Cut cut = cuts.get(sequence);
        return cut == null ? null : cut.copies.get(volume);
    }

    /** Points so far need not be there any more. */
    void givePointsUp() {
        cuts.clear();
    }

    /** True once journal may have been damaged. */
    boolean isMissingAllowed() {
        return mayMiss;
    }

    /** Journal may have been damaged: from now on points may be missing and reads refused, but none shows other bytes. */
    void mayMiss() {
        mayMiss = true;
    }

    /** A volume left the stream: the newest point that names it need not outlive the window. */
    void left(final int volume) {
        left.add(volume);
    }

    /** The process that had the views is no more. */
    void forgetViews() {
        held.clear();
    }

    /** Lets go of every moment. */
    void closeViews() {
        held.forEach(Held::close);
        held.clear();
    }

    /** Looks at the target as it stands. */
    void check(final MasterTargetAgents target, final long nowNs, final long durable) {
        for (final TargetStream stream : target.applyAgent().streams()) {
            if (stream.history() != null && stream.history().index().isReady()) {
                check(stream, nowNs, durable);
            }
        }
    }

    /** How the histories of the target stand, for people. */
    String describe(final MasterTargetAgents target) {
        final StringBuilder text = new StringBuilder();
        for (final TargetStream stream : target.applyAgent().streams()) {
            final StreamHistory history = stream.history();
            text.append("applied ").append(stream.apply().appliedPosition());
            text.append(stream.apply().isDamaged() ? ", damaged" : "");
            if (history != null) {
                text.append(", retire position ").append(history.retirePosition());
                text.append(", floor ").append(history.leases().floor());
                text.append(", indexed ").append(history.index().indexedPosition());
                text.append(", END followed ").append(history.points().endSequence());
                history.leases()
                        .held()
                        .forEach(lease -> text.append(", held ")
                                .append(lease.position())
                                .append(" by ")
                                .append(lease.holder()));
            }
        }
        return text.toString();
    }

    private void check(final TargetStream stream, final long nowNs, final long durable) {
        final StreamHistory history = stream.history();
        final boolean isLevel = history.points().endSequence() >= durable;
        for (final StreamVolume volume : stream.volumes().all()) {
            final UUID uuid = new UUID(volume.uuidHigh(), volume.uuidLow());
            final List<RecoveryPoint> offered = history.points().list(Set.of(uuid));
            if (isLevel && !mayMiss) {
                checkKept(volume.number(), offered, nowNs);
            }
            if (!offered.isEmpty()) {
                checkView(history, offered.get(dice.below(offered.size())), uuid, volume.number());
            }
        }
        held.forEach(this::compare);
        if (!held.isEmpty() && dice.oneIn(4)) {
            held.remove(dice.below(held.size())).close();
        }
    }

    private void checkKept(final int volume, final List<RecoveryPoint> offered, final long nowNs) {
        final Set<Long> there = new HashSet<>();
        offered.forEach(point -> there.add(point.sequence()));
        boolean isNewest = !left.contains(volume);
        for (final Map.Entry<Long, Cut> entry : cuts.descendingMap().entrySet()) {
            if (!entry.getValue().copies.containsKey(volume)) {
                continue;
            }
            if ((isNewest || nowNs - entry.getValue().captureNs < windowNs) && !there.contains(entry.getKey())) {
                throw new Violation(
                        "I9",
                        "point " + entry.getKey() + " of volume " + volume + ", cut at " + entry.getValue().captureNs
                                + " ns, is not offered at " + nowNs + " ns; offered are " + there);
            }
            isNewest = false;
        }
    }

    private void checkView(final StreamHistory history, final RecoveryPoint point, final UUID uuid, final int volume) {
        final Cut cut = cuts.get(point.sequence());
        if (cut == null || !cut.copies.containsKey(volume)) {
            // Durable, but the sender has not heard of it yet.
            return;
        }
        final String what = "volume " + volume + " at point " + point.sequence();
        try {
            final RecoveryView view = history.volumes().openView(point, uuid, null);
            final Held opened = new Held(view, view.newAccess(), cut.copies.get(volume), what);
            compare(opened);
            if (held.size() < VIEWS_MAX && dice.oneIn(8)) {
                held.add(opened);
            } else {
                opened.close();
            }
        } catch (final ViewException e) {
            refused(what, e);
        }
    }

    private void compare(final Held view) {
        final ByteBuffer bytes = ByteBuffer.allocate((int) view.view.sizeBytes());
        try {
            view.access.read(0, bytes);
        } catch (final ViewException e) {
            refused(view.what, e);
            return;
        }
        tally.reached(Rarity.VIEW);
        final int at = Arrays.mismatch(bytes.array(), view.expected);
        if (at >= 0) {
            throw new Violation("I9", view.what + " shows other bytes than were promised, from " + at + " on");
        }
    }

    /** A disk may refuse, an index may have to be read again; a frame that is not there is nobody's right to miss. */
    private void refused(final String what, final ViewException e) {
        if (e.reason() == ViewException.Cause.DISK || e.reason() == ViewException.Cause.INDEX || mayMiss) {
            return;
        }
        throw new Violation("I9", what + " is refused: " + e.reason() + ", " + e.getMessage(), e);
    }
}
