package org.farshore.dataplane.recover;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.farshore.dataplane.codecs.replication.WriteOrder;

/**
 * The entries of {@link CatalogueFile} in memory: points in order of sequence, and what was known of each volume from which
 * sequence on. A day of a point per second is about 10 MB. One thread.
 */
final class Catalogue {
    private static final int SLOTS = Long.SIZE;

    private final List<CatalogueEntry> log = new ArrayList<>();
    private final List<CatalogueEntry> points = new ArrayList<>();
    private final List<List<CatalogueEntry>> volumes = new ArrayList<>();
    private final List<CatalogueEntry> withdrawn = new ArrayList<>();
    private long lastOrdered;
    private long position;
    private long endSequence;

    Catalogue() {
        for (int slot = 0; slot < SLOTS; slot++) {
            volumes.add(new ArrayList<>());
        }
    }

    /** Takes an entry, from the file or new. */
    void take(final CatalogueEntry entry) {
        position = Math.max(position, entry.position());
        endSequence = Math.max(endSequence, entry.sequence());
        switch (entry.type()) {
            case CatalogueEntry.POINT:
                points.add(entry);
                lastOrdered = entry.ordered();
                break;
            case CatalogueEntry.VOLUME:
                volumes.get(entry.slot()).add(entry);
                break;
            case CatalogueEntry.WITHDRAWN:
                withdrawn.add(entry);
                break;
            default:
                log.removeIf(old -> old.type() == CatalogueEntry.MARK);
                break;
        }
        log.add(entry);
    }

    /** All entries, oldest first. */
    List<CatalogueEntry> log() {
        return log;
    }

    List<CatalogueEntry> points() {
        return points;
    }

    /** Position up to which the journal was followed when the newest entry was made. */
    long position() {
        return position;
    }

    /** Newest sequence that any entry names. */
    long endSequence() {
        return endSequence;
    }

    /** Slots that the newest point names, kept or not. */
    long lastOrdered() {
        return lastOrdered;
    }

    /** Index of the first point with a sequence of at least this; the count of points when there is none. */
    int pointAt(final long sequence) {
        int low = 0;
        int high = points.size();
        while (low < high) {
            final int middle = (low + high) >>> 1;
            if (points.get(middle).sequence() < sequence) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** What was known of a slot's volume at a sequence, or null. */
    CatalogueEntry volumeAt(final int slot, final long sequence) {
        CatalogueEntry found = null;
        for (final CatalogueEntry entry : volumes.get(slot)) {
            if (entry.sequence() <= sequence) {
                found = entry;
            }
        }
        return found == null || found.isRemoved() ? null : found;
    }

    static boolean isOrdered(final CatalogueEntry volume) {
        return volume.writeOrder() == WriteOrder.ORDERED.value();
    }

    /** Slot of the volume that bears a number now, or -1. */
    int slotOfNumber(final int number) {
        for (int slot = 0; slot < SLOTS; slot++) {
            final CatalogueEntry volume = newest(slot);
            if (volume != null && !volume.isRemoved() && volume.number() == number) {
                return slot;
            }
        }
        return -1;
    }

    /** Slot of the volume with this id, living or not, or -1. */
    int slotOf(final UUID uuid) {
        for (int slot = 0; slot < SLOTS; slot++) {
            final CatalogueEntry volume = newest(slot);
            if (volume != null
                    && volume.uuidHigh() == uuid.getMostSignificantBits()
                    && volume.uuidLow() == uuid.getLeastSignificantBits()) {
                return slot;
            }
        }
        return -1;
    }

    /** Slots of all volumes that are in the stream now. */
    long known() {
        long known = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            final CatalogueEntry volume = newest(slot);
            known |= volume == null || volume.isRemoved() ? 0 : 1L << slot;
        }
        return known;
    }

    /** Newest entry of a slot, or null. */
    CatalogueEntry newest(final int slot) {
        final List<CatalogueEntry> history = volumes.get(slot);
        return history.isEmpty() ? null : history.get(history.size() - 1);
    }

    /**
     * A slot for a volume that has none. When none is free, the volume that was removed longest ago gives up its own, and
     * with it its points: a stream has no more than 64 volumes at a time, so there is one.
     */
    int newSlot() {
        int oldest = -1;
        for (int slot = 0; slot < SLOTS; slot++) {
            final CatalogueEntry newest = newest(slot);
            if (newest == null) {
                return slot;
            }
            if (newest.isRemoved()
                    && (oldest < 0 || newest.sequence() < newest(oldest).sequence())) {
                oldest = slot;
            }
        }
        if (oldest < 0) {
            throw new IllegalStateException("more than " + SLOTS + " volumes in one stream");
        }
        forget(oldest);
        return oldest;
    }

    private void forget(final int slot) {
        volumes.get(slot).clear();
        log.removeIf(entry -> entry.type() == CatalogueEntry.VOLUME && entry.slot() == slot);
        log.replaceAll(entry -> entry.type() == CatalogueEntry.POINT ? entry.withoutSlot(slot) : entry);
        points.replaceAll(entry -> entry.withoutSlot(slot));
    }

    /** All ranges that were withdrawn, oldest first. */
    List<CatalogueEntry> withdrawals() {
        return List.copyOf(withdrawn);
    }

    /** The range in which a position lies that was withdrawn, or null. */
    CatalogueEntry withdrawalOf(final long at) {
        for (final CatalogueEntry entry : withdrawn) {
            if (at > entry.first() && at <= entry.second()) {
                return entry;
            }
        }
        return null;
    }

    /** Begin of the newest withdrawal behind which no point counts; -1 when there is none. */
    long openWithdrawal() {
        if (withdrawn.isEmpty()) {
            return -1;
        }
        final CatalogueEntry newest = withdrawn.get(withdrawn.size() - 1);
        for (int i = points.size() - 1; i >= 0 && points.get(i).position() > newest.second(); i--) {
            if (withdrawalOf(points.get(i).position()) == null) {
                return -1;
            }
        }
        return newest.first();
    }

    /** Drops what is of no use at or above a position; returns how many entries. */
    int dropBelow(final long floor) {
        final int before = log.size();
        points.removeIf(point -> point.position() < floor);
        withdrawn.removeIf(range -> range.second() < floor);
        for (final List<CatalogueEntry> history : volumes) {
            while (history.size() > 1 && history.get(1).position() < floor) {
                history.remove(0);
            }
            if (!history.isEmpty()
                    && history.get(0).isRemoved()
                    && history.get(0).position() < floor) {
                history.remove(0);
            }
        }
        log.removeIf(entry -> isDropped(entry, floor));
        return before - log.size();
    }

    private boolean isDropped(final CatalogueEntry entry, final long floor) {
        return switch (entry.type()) {
            case CatalogueEntry.POINT -> entry.position() < floor;
            case CatalogueEntry.WITHDRAWN -> entry.second() < floor;
            case CatalogueEntry.VOLUME ->
                entry.position() < floor && !volumes.get(entry.slot()).contains(entry);
            default -> false;
        };
    }
}
