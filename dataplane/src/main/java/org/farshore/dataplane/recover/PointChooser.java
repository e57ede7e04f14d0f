package org.farshore.dataplane.recover;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.journal.JournalDamageException;
import org.farshore.dataplane.journal.JournalReader;

/**
 * Which points of a catalogue may be offered, and to which of them a question leads.
 *
 * <p>A point is offered for a set of volumes when all of them were ORDERED in it, it is at or above the floor, and it was
 * not withdrawn because the journal is damaged. Where a volume is ORDERED every END is a state of its disk, too, since no END
 * is sent before the sender has looked whether anything was lost; barriers are those that bear a time. So any END may be
 * chosen by sequence, and the newest of all states is the newest END.
 *
 * <p>Points are searched one by one, newest first: a day of them takes less than a millisecond, and a person is waiting.
 */
final class PointChooser {
    private final Catalogue catalogue;
    private final LongSupplier floor;
    private final LongSupplier end;
    private final LongFunction<JournalReader> journal;

    /** @param end position up to which the journal was followed. */
    PointChooser(
            final Catalogue catalogue,
            final LongSupplier floor,
            final LongSupplier end,
            final LongFunction<JournalReader> journal) {
        this.catalogue = catalogue;
        this.floor = floor;
        this.end = end;
        this.journal = journal;
    }

    /** Every point that is offered for the volumes, oldest first. */
    List<RecoveryPoint> list(final Collection<UUID> volumes) {
        final List<CatalogueEntry> points = catalogue.points();
        final long[] earliestBehind = new long[points.size() + 1];
        earliestBehind[points.size()] = Long.MAX_VALUE;
        for (int i = points.size() - 1; i >= 0; i--) {
            earliestBehind[i] = Math.min(earliestBehind[i + 1], points.get(i).wallTimeNs());
        }
        final List<RecoveryPoint> list = new ArrayList<>();
        long latestBefore = Long.MIN_VALUE;
        for (int i = 0; i < points.size(); i++) {
            final long time = points.get(i).wallTimeNs();
            if (why(points.get(i), volumes) == null) {
                list.add(describe(i, latestBefore > time || earliestBehind[i + 1] < time));
            }
            latestBefore = Math.max(latestBefore, time);
        }
        return list;
    }

    /** The newest point that is offered and fits. */
    PointChoice newest(final Collection<UUID> volumes, final Predicate<CatalogueEntry> fits, final String what) {
        PointChoice last = null;
        for (int i = catalogue.points().size() - 1; i >= 0; i--) {
            final CatalogueEntry point = catalogue.points().get(i);
            if (fits.test(point)) {
                final PointChoice refusal = why(point, volumes);
                if (refusal == null) {
                    return PointChoice.of(describe(i));
                }
                last = last == null ? refusal : last;
            }
        }
        return last != null
                ? last
                : PointChoice.refused(PointChoice.Refusal.NEVER_EXISTED, "there is no recovery point " + what);
    }

    /**
     * The last point at or before a time of the machine's wall clock. A clock may be set back, then two points claim one time:
     * the one that comes closest counts, the newer of equals, and it says that its time is uncertain.
     */
    PointChoice byTime(final long wallTimeNs, final Collection<UUID> volumes) {
        int best = -1;
        for (int i = 0; i < catalogue.points().size(); i++) {
            final CatalogueEntry point = catalogue.points().get(i);
            final boolean closer = point.wallTimeNs() <= wallTimeNs
                    && (best < 0
                            || point.wallTimeNs()
                                    >= catalogue.points().get(best).wallTimeNs());
            if (closer && why(point, volumes) == null) {
                best = i;
            }
        }
        if (best >= 0) {
            return PointChoice.of(describe(best));
        }
        final PointChoice oldest = newest(volumes, point -> true, "at all");
        return oldest.isGranted()
                ? PointChoice.refused(PointChoice.Refusal.BELOW_FLOOR, "every point that is offered is younger")
                : oldest;
    }

    /** The state behind the record with this sequence. */
    PointChoice bySequence(final long sequence, final long durableEnd, final Collection<UUID> volumes) {
        if (sequence < 1) {
            return PointChoice.refused(PointChoice.Refusal.NEVER_EXISTED, "sequences begin at 1");
        }
        if (sequence > durableEnd) {
            return PointChoice.refused(
                    PointChoice.Refusal.NOT_DURABLE,
                    "sequence " + sequence + " is not durable yet: the newest is " + durableEnd);
        }
        final int next = catalogue.pointAt(sequence);
        final List<CatalogueEntry> points = catalogue.points();
        if (next < points.size() && points.get(next).sequence() == sequence) {
            final PointChoice refusal = why(points.get(next), volumes);
            return refusal != null ? refusal : PointChoice.of(describe(next));
        }
        return next == 0 ? beforeFirst(sequence, volumes) : byEnd(sequence, next, -1, volumes);
    }

    /** The state behind the newest END, when the volumes are in order there; else the newest point. */
    PointChoice newestState(final long sequence, final long framePosition, final Collection<UUID> volumes) {
        final int next = catalogue.pointAt(sequence);
        if (next > 0 && next == catalogue.points().size()) {
            final PointChoice state = byEnd(sequence, next, framePosition, volumes);
            if (state.isGranted()) {
                return state;
            }
        }
        return newest(volumes, point -> true, "for these volumes");
    }

    private PointChoice beforeFirst(final long sequence, final Collection<UUID> volumes) {
        final PointChoice state = stateOf(sequence, volumes);
        return state != null
                ? state
                : PointChoice.refused(
                        PointChoice.Refusal.BELOW_FLOOR, "sequence " + sequence + " lies before the oldest point");
    }

    private PointChoice byEnd(
            final long sequence, final int next, final long framePosition, final Collection<UUID> volumes) {
        final List<CatalogueEntry> points = catalogue.points();
        final CatalogueEntry before = points.get(next - 1);
        final PointChoice state = stateOf(sequence, volumes);
        if (state != null) {
            return state;
        }
        if (next < points.size() && sequence >= points.get(next).windowBegin()) {
            return PointChoice.refused(
                    PointChoice.Refusal.INSIDE_WINDOW,
                    "writes " + points.get(next).windowBegin() + " to "
                            + points.get(next).sequence() + " were put together: choose the end");
        }
        final EndFinder finder = new EndFinder(sequence);
        final long from = Math.max(before.position(), framePosition);
        final long to = next < points.size() ? points.get(next).position() : end.getAsLong();
        try (JournalReader reader = journal.apply(from)) {
            if (!finder.find(reader, from, to)) {
                return PointChoice.refused(
                        PointChoice.Refusal.INSIDE_WRITE, "sequence " + sequence + " lies inside a write");
            }
        } catch (final JournalDamageException e) {
            return PointChoice.refused(PointChoice.Refusal.DAMAGED, e.getMessage());
        }
        // A state that ends inside a batch needs the frame at its position, too.
        final PointChoice place = placeOf(sequence, finder.position() + (finder.entries() > 0 ? 1 : 0));
        return place != null ? place : PointChoice.of(describeEnd(sequence, finder, before));
    }

    private RecoveryPoint describeEnd(final long sequence, final EndFinder finder, final CatalogueEntry before) {
        long ordered = 0;
        long known = 0;
        for (int slot = 0; slot < Long.SIZE; slot++) {
            final CatalogueEntry volume = catalogue.volumeAt(slot, sequence);
            known |= volume == null ? 0 : 1L << slot;
            ordered |= volume == null || !Catalogue.isOrdered(volume) ? 0 : 1L << slot;
        }
        return new RecoveryPoint(
                sequence,
                sequence,
                finder.position(),
                finder.entries(),
                before.wallTimeNs(),
                before.captureTimeNs(),
                BarrierKind.CRASH,
                false,
                false,
                "",
                volumesOf(ordered, sequence),
                ordered == known);
    }

    /** Why one of the volumes has no state at a sequence, or null. */
    private PointChoice stateOf(final long sequence, final Collection<UUID> volumes) {
        for (final UUID uuid : volumes) {
            final int slot = catalogue.slotOf(uuid);
            if (slot < 0 || catalogue.volumeAt(slot, sequence) == null) {
                return PointChoice.refused(
                        PointChoice.Refusal.UNKNOWN_VOLUME,
                        "volume " + uuid + " was not there at sequence " + sequence);
            }
        }
        for (int slot = 0; slot < Long.SIZE; slot++) {
            final CatalogueEntry then = catalogue.volumeAt(slot, sequence);
            final boolean asked = then != null && (volumes.isEmpty() || volumes.contains(uuidOf(then)));
            if (asked && !Catalogue.isOrdered(then)) {
                return converging(sequence, then);
            }
        }
        return null;
    }

    private static PointChoice converging(final long sequence, final CatalogueEntry state) {
        return PointChoice.refused(
                PointChoice.Refusal.CONVERGING,
                "sequence " + sequence + " lies inside a CONVERGING stretch of volume " + uuidOf(state)
                        + ", which sequence " + state.sequence() + " began");
    }

    /** Why a point is not offered for the volumes, or null. */
    private PointChoice why(final CatalogueEntry point, final Collection<UUID> volumes) {
        final PointChoice place = placeOf(point.sequence(), point.position());
        if (place != null) {
            return place;
        }
        for (final UUID volume : volumes) {
            final int slot = catalogue.slotOf(volume);
            if (slot < 0 || (point.known() & 1L << slot) == 0) {
                return PointChoice.refused(
                        PointChoice.Refusal.UNKNOWN_VOLUME,
                        "volume " + volume + " was not there at point " + point.sequence());
            }
            if ((point.ordered() & 1L << slot) == 0) {
                return outOfOrder(point, slot);
            }
        }
        final long missing = volumes.isEmpty() ? point.known() & ~point.ordered() : 0;
        if (missing != 0) {
            return outOfOrder(point, Long.numberOfTrailingZeros(missing));
        }
        return point.ordered() == 0
                ? PointChoice.refused(
                        PointChoice.Refusal.NEVER_EXISTED, "point " + point.sequence() + " names no volume")
                : null;
    }

    /** Why nothing can be had at a position, or null. */
    private PointChoice placeOf(final long sequence, final long position) {
        if (position < floor.getAsLong()) {
            return PointChoice.refused(
                    PointChoice.Refusal.BELOW_FLOOR, "point " + sequence + " is below the floor and was withdrawn");
        }
        final CatalogueEntry withdrawal = catalogue.withdrawalOf(position);
        return withdrawal == null
                ? null
                : PointChoice.refused(
                        PointChoice.Refusal.DAMAGED,
                        "point " + sequence + " was withdrawn: the journal is damaged at " + withdrawal.first());
    }

    private PointChoice outOfOrder(final CatalogueEntry point, final int slot) {
        final CatalogueEntry state = catalogue.volumeAt(slot, point.sequence());
        return state == null
                ? PointChoice.refused(
                        PointChoice.Refusal.UNKNOWN_VOLUME,
                        "a volume of point " + point.sequence() + " is not there any more")
                : converging(point.sequence(), state);
    }

    private RecoveryPoint describe(final int index) {
        return describe(index, isTimeUncertain(index));
    }

    private RecoveryPoint describe(final int index, final boolean timeUncertain) {
        final CatalogueEntry point = catalogue.points().get(index);
        return new RecoveryPoint(
                point.sequence(),
                point.windowBegin(),
                point.position(),
                0,
                point.wallTimeNs(),
                point.captureTimeNs(),
                BarrierKind.get((short) (point.detail() & ~CatalogueEntry.END_OF_RESYNC)),
                (point.detail() & CatalogueEntry.END_OF_RESYNC) != 0,
                timeUncertain,
                point.label(),
                volumesOf(point.ordered(), point.sequence()),
                point.ordered() == point.known());
    }

    private boolean isTimeUncertain(final int index) {
        final List<CatalogueEntry> points = catalogue.points();
        final long time = points.get(index).wallTimeNs();
        for (int i = 0; i < points.size(); i++) {
            final long other = points.get(i).wallTimeNs();
            if (i < index ? other > time : i > index && other < time) {
                return true;
            }
        }
        return false;
    }

    private List<RecoveryPoint.PointVolume> volumesOf(final long slots, final long sequence) {
        final List<RecoveryPoint.PointVolume> list = new ArrayList<>();
        for (long left = slots; left != 0; left &= left - 1) {
            final CatalogueEntry volume = catalogue.volumeAt(Long.numberOfTrailingZeros(left), sequence);
            if (volume != null) {
                list.add(new RecoveryPoint.PointVolume(uuidOf(volume), volume.number(), volume.sizeBytes()));
            }
        }
        return list;
    }

    static UUID uuidOf(final CatalogueEntry volume) {
        return new UUID(volume.uuidHigh(), volume.uuidLow());
    }
}
