package org.farshore.dataplane.index;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The newest version of each block of one range of 2<sup>18</sup> blocks, outside the heap. While few blocks have one, an
 * open-addressing hash of slots of 8 bytes (key + 1 in the upper half, low bits of the id in the lower); past 39,321 of
 * them, when the next doubling would take a MiB, an array of 4 bytes per block, which takes a MiB, too. So a TiB of volume
 * never takes more than a GiB.
 *
 * <p>One writer, any number of readers. A slot is stored with release after the entry that it names was written, as one
 * aligned word, so that a reader sees the old id or the new one with all that belongs to it. Slots are never moved nor
 * emptied under a reader: whoever wants that makes another table.
 */
final class NewestTable {
    static final int KEY_BITS = 18;
    static final int KEYS = 1 << KEY_BITS;

    private static final int HASH_SLOTS_MIN = 64;
    private static final int HASH_SLOTS_MAX = 1 << 16;
    private static final int LOAD_TENTHS = 6;

    private final ByteBuffer memory;
    private final UnsafeBuffer slots;
    private final int mask;
    private int count;

    private NewestTable(final int bytes, final int mask) {
        this.memory = ByteBuffer.allocateDirect(bytes);
        this.slots = new UnsafeBuffer(memory);
        this.mask = mask;
    }

    /** An empty table with room for so many keys. */
    static NewestTable withRoomFor(final int keys) {
        final int hashSlots = hashSlotsFor(keys);
        return new NewestTable(bytesFor(keys), hashSlots > HASH_SLOTS_MAX ? -1 : hashSlots - 1);
    }

    /** Memory that {@link #withRoomFor} takes. */
    static int bytesFor(final int keys) {
        final int hashSlots = hashSlotsFor(keys);
        return hashSlots > HASH_SLOTS_MAX ? KEYS * Integer.BYTES : hashSlots * Long.BYTES;
    }

    private static int hashSlotsFor(final int keys) {
        int hashSlots = HASH_SLOTS_MIN;
        while (keys > room(hashSlots) && hashSlots <= HASH_SLOTS_MAX) {
            hashSlots *= 2;
        }
        return hashSlots;
    }

    private static int room(final int hashSlots) {
        return hashSlots * LOAD_TENTHS / 10;
    }

    private static int hash(final int key) {
        final int mixed = key * 0x9E37_79B1;
        return mixed ^ mixed >>> 15;
    }

    boolean isDirect() {
        return mask < 0;
    }

    /** Any thread: low bits of the newest id, 0 for none. */
    int get(final int key) {
        if (isDirect()) {
            return slots.getIntVolatile(key << 2);
        }
        for (int i = hash(key) & mask; ; i = i + 1 & mask) {
            final long slot = slots.getLongVolatile(i << 3);
            final int found = (int) (slot >>> Integer.SIZE);
            if (found == key + 1) {
                return (int) slot;
            }
            if (found == 0) {
                return 0;
            }
        }
    }

    /** Writer: false when there is no room for another key. */
    boolean put(final int key, final int low) {
        if (isDirect()) {
            count += slots.getInt(key << 2) == 0 ? 1 : 0;
            slots.putIntOrdered(key << 2, low);
            return true;
        }
        final long slot = (long) (key + 1) << Integer.SIZE | (low & 0xFFFF_FFFFL);
        for (int i = hash(key) & mask; ; i = i + 1 & mask) {
            final int found = (int) (slots.getLong(i << 3) >>> Integer.SIZE);
            if (found == 0) {
                if (count >= room(mask + 1)) {
                    return false;
                }
                count++;
            }
            if (found == 0 || found == key + 1) {
                slots.putLongOrdered(i << 3, slot);
                return true;
            }
        }
    }

    /** Keys that have a version, living or dead. */
    int count() {
        return count;
    }

    /** Writer: how many ids are above the horizon. */
    int countAbove(final long horizon, final long newest) {
        int living = 0;
        for (int i = 0; i < places(); i++) {
            living += isAbove(lowAt(i), horizon, newest) ? 1 : 0;
        }
        return living;
    }

    /** Writer: puts what is above the horizon into another table, which has room. */
    void copyAbove(final long horizon, final long newest, final NewestTable target) {
        for (int i = 0; i < places(); i++) {
            final int low = lowAt(i);
            if (isAbove(low, horizon, newest)) {
                target.put(isDirect() ? i : (int) (slots.getLong(i << 3) >>> Integer.SIZE) - 1, low);
            }
        }
    }

    /** Writer: empties the places of a direct array whose ids are not above the horizon; returns how many are left. */
    int clearBelow(final long horizon, final long newest) {
        int living = 0;
        for (int i = 0; i < KEYS; i++) {
            final int low = slots.getInt(i << 2);
            if (isAbove(low, horizon, newest)) {
                living++;
            } else if (low != 0) {
                slots.putIntOrdered(i << 2, 0);
            }
        }
        count = living;
        return living;
    }

    private int places() {
        return isDirect() ? KEYS : mask + 1;
    }

    private int lowAt(final int place) {
        return isDirect() ? slots.getInt(place << 2) : (int) slots.getLong(place << 3);
    }

    private static boolean isAbove(final int low, final long horizon, final long newest) {
        return low != 0 && VersionIds.expand(low, newest) > horizon;
    }

    int bytes() {
        return memory.capacity();
    }

    /** Writer, when every reader has passed. */
    void free() {
        BufferUtil.free(memory);
    }
}
