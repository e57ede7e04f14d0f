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
 * not withdrawn because the journal is damaged. Every END between two points is a state of the disks too, but only the
 * second point proves it: a barrier goes out only when nothing was lost up to it. So an END is granted when both its
 * neighbours are offered and no volume left the order in between.
 *
 * <p>Points are searched one by one, newest first: a day of them takes less than a millisecond, and a person is waiting.
 */
final class PointChooser {
    private final Catalogue catalogue;
    private final LongSupplier floor;
    private final LongFunction<JournalReader> journal;

    PointChooser(final Catalogue catalogue, final LongSupplier floor, final LongFunction<JournalReader> journal) {
        this.catalogue = catalogue;
        this.floor = floor;
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
        if (next == 0) {
            return beforeFirst(sequence, volumes);
        }
        if (next == points.size()) {
            final PointChoice state = stateOf(sequence, volumes);
            return state != null
                    ? state
                    : PointChoice.refused(
                            PointChoice.Refusal.UNCONFIRMED,
                            "no barrier behind sequence " + sequence + " yet: ask again soon");
        }
        return between(sequence, next, volumes);
    }

    private PointChoice beforeFirst(final long sequence, final Collection<UUID> volumes) {
        final PointChoice state = stateOf(sequence, volumes);
        return state != null
                ? state
                : PointChoice.refused(
                        PointChoice.Refusal.BELOW_FLOOR,
                        "sequence " + sequence + " lies before the oldest point"
                                + (catalogue.points().isEmpty()
                                        ? ""
                                        : ", " + catalogue.points().get(0).sequence()));
    }

    private PointChoice between(final long sequence, final int next, final Collection<UUID> volumes) {
        final CatalogueEntry before = catalogue.points().get(next - 1);
        final CatalogueEntry behind = catalogue.points().get(next);
        final PointChoice disorder = disorder(sequence, before, behind, volumes);
        if (disorder != null) {
            return disorder;
        }
        PointChoice refusal = why(before, volumes);
        if (refusal == null) {
            refusal = why(behind, volumes);
        }
        if (refusal != null) {
            return refusal;
        }
        if (sequence >= behind.windowBegin()) {
            return PointChoice.refused(
                    PointChoice.Refusal.INSIDE_WINDOW,
                    "writes " + behind.windowBegin() + " to " + behind.sequence()
                            + " were put together: choose the end");
        }
        return placeOf(sequence, before, behind);
    }

    private PointChoice placeOf(final long sequence, final CatalogueEntry before, final CatalogueEntry behind) {
        final EndFinder finder = new EndFinder(sequence);
        try (JournalReader reader = journal.apply(before.position())) {
            if (!finder.find(reader, before.position(), behind.position())) {
                return PointChoice.refused(
                        PointChoice.Refusal.INSIDE_WRITE, "sequence " + sequence + " lies inside a write");
            }
        } catch (final JournalDamageException e) {
            return PointChoice.refused(PointChoice.Refusal.DAMAGED, e.getMessage());
        }
        return PointChoice.of(new RecoveryPoint(
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
                volumesOf(before.ordered() & behind.ordered(), sequence),
                (before.ordered() & behind.ordered()) == before.known()));
    }

    private PointChoice disorder(
            final long sequence,
            final CatalogueEntry before,
            final CatalogueEntry behind,
            final Collection<UUID> volumes) {
        for (int slot = 0; slot < Long.SIZE; slot++) {
            final CatalogueEntry state = isAsked(slot, before.known() | behind.known(), volumes)
                    ? catalogue.disorder(slot, before.sequence(), behind.sequence())
                    : null;
            if (state != null) {
                return converging(sequence, state);
            }
        }
        return stateOf(sequence, volumes);
    }

    private boolean isAsked(final int slot, final long known, final Collection<UUID> volumes) {
        if (!volumes.isEmpty()) {
            final CatalogueEntry newest = catalogue.newest(slot);
            return newest != null && volumes.contains(uuidOf(newest));
        }
        return (known & 1L << slot) != 0;
    }

    /** The refusal when one of the volumes was being read back at a sequence, or null. */
    private PointChoice stateOf(final long sequence, final Collection<UUID> volumes) {
        for (int slot = 0; slot < Long.SIZE; slot++) {
            final CatalogueEntry then = isAsked(slot, -1L, volumes) ? catalogue.volumeAt(slot, sequence) : null;
            if (then != null && !Catalogue.isOrdered(then)) {
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
        if (point.position() < floor.getAsLong()) {
            return PointChoice.refused(
                    PointChoice.Refusal.BELOW_FLOOR,
                    "point " + point.sequence() + " is below the floor and was withdrawn");
        }
        final CatalogueEntry withdrawal = catalogue.withdrawalOf(point.position());
        if (withdrawal != null) {
            return PointChoice.refused(
                    PointChoice.Refusal.DAMAGED,
                    "point " + point.sequence() + " was withdrawn: the journal is damaged at " + withdrawal.first());
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
