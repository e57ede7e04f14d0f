package org.farshore.dataplane.index;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Block number to the low bits of the id of its newest version, a {@link NewestTable} for each range. It is memory only:
 * a persistent map was measured and is the wrong thing (512 bytes written for one changed, half a second of stall, a mix of
 * ages after a power cut), and scanning the version files gives it back at ten million versions a second or two.
 *
 * <p>One writer; readers meet a table by one volatile load.
 */
final class NewestMap {
    private final AtomicReferenceArray<NewestTable> tables;
    private final ReaderEpochs epochs;
    private long bytes;
    private long keys;
    private int sweepRange;

    /** @param keysMax keys are below. */
    NewestMap(final long keysMax, final ReaderEpochs epochs) {
        this.tables = new AtomicReferenceArray<>((int) (((keysMax - 1) >> NewestTable.KEY_BITS) + 1));
        this.epochs = epochs;
        this.sweepRange = tables.length();
    }

    /** Any thread: low bits of the newest id of this key, 0 for none. It may be below the horizon. */
    int get(final long key) {
        final NewestTable table = tables.get((int) (key >>> NewestTable.KEY_BITS));
        return table == null ? 0 : table.get(keyInTable(key));
    }

    /** Brings the place of a key into the cache; its load is volatile, so that no compiler leaves it out. */
    void touch(final long key) {
        get(key);
    }

    /** Any thread: true when no key in the range of this one has a version. */
    boolean isRangeEmpty(final long key) {
        return tables.get((int) (key >>> NewestTable.KEY_BITS)) == null;
    }

    private static int keyInTable(final long key) {
        return (int) key & (NewestTable.KEYS - 1);
    }

    /** Writer. Ids that are not above the horizon may be dropped on the way. */
    void put(final long key, final long id, final long horizon) {
        final int range = (int) (key >>> NewestTable.KEY_BITS);
        NewestTable table = tables.get(range);
        if (table == null) {
            table = NewestTable.withRoomFor(1);
            bytes += table.bytes();
            tables.set(range, table);
        }
        final int before = table.count();
        if (!table.put(keyInTable(key), (int) id)) {
            final int living = table.countAbove(horizon, id);
            table = replace(range, table, living + living / 2 + 1, horizon, id);
            table.put(keyInTable(key), (int) id);
        }
        keys += table.count() - before;
    }

    /** Puts a table in the place of another, with room for so many keys, and what is above the horizon in it. */
    private NewestTable replace(
            final int range, final NewestTable table, final int room, final long horizon, final long newest) {
        final NewestTable next = NewestTable.withRoomFor(room);
        table.copyAbove(horizon, newest, next);
        publish(range, table, next);
        return next;
    }

    private void publish(final int range, final NewestTable table, final NewestTable next) {
        bytes += (next == null ? 0 : next.bytes()) - table.bytes();
        tables.set(range, next);
        epochs.retire(table::free);
    }

    /** Writer: what lies below a raised horizon may be dropped, range by range. */
    void beginSweep() {
        sweepRange = 0;
    }

    boolean isSweeping() {
        return sweepRange < tables.length();
    }

    /** Writer: sweeps the next range that has a table; one bounded step. */
    void sweep(final long horizon, final long newest) {
        while (isSweeping() && tables.get(sweepRange) == null) {
            sweepRange++;
        }
        if (isSweeping()) {
            sweepTable(sweepRange, tables.get(sweepRange), horizon, newest);
            sweepRange++;
        }
    }

    private void sweepTable(final int range, final NewestTable table, final long horizon, final long newest) {
        final int before = table.count();
        final int living = table.isDirect() ? table.clearBelow(horizon, newest) : table.countAbove(horizon, newest);
        if (living == 0) {
            publish(range, table, null);
            keys -= before;
            return;
        }
        final boolean shrinks = NewestTable.bytesFor(4 * living) < table.bytes();
        if (shrinks || (!table.isDirect() && living != before)) {
            replace(range, table, 2 * living, horizon, newest);
        }
        keys += living - before;
    }

    /** Writer: memory outside the heap. */
    long bytes() {
        return bytes;
    }

    /** Writer: keys with a version, dead ones that were not swept yet included. */
    long keys() {
        return keys;
    }

    /** Writer, when nothing is published any more: frees everything as soon as every reader has passed. */
    void retireAll() {
        for (int range = 0; range < tables.length(); range++) {
            final NewestTable table = tables.getAndSet(range, null);
            if (table != null) {
                epochs.retire(table::free);
            }
        }
        bytes = 0;
    }
}
