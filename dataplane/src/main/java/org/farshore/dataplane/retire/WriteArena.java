package org.farshore.dataplane.retire;

import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.collections.Hashing;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Where the writes of one batch meet before they reach a replica: a bounded number of 4 KiB slots, one a block, each with a
 * mask of the sectors that were written. A later write to a sector replaces an earlier one, so that a block that was
 * written a thousand times is written once. A slot that holds nothing but zeros is known as such and keeps a sparse
 * replica sparse.
 *
 * <p>Allocates nothing after it was made. One thread.
 */
final class WriteArena {
    /** Most replicas that one arena tells apart. */
    static final int REPLICAS_MAX = 256;

    static final int FULL_MASK = 0xFF;
    private static final int BLOCK_BITS = 32;
    private static final int SLOT_BITS = 16;
    private static final int BLOCK_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int SECTOR_LENGTH = StreamLimits.SECTOR_LENGTH;
    private static final long NONE = -1;

    private final int slotCount;
    private final UnsafeBuffer slots;
    private final Long2LongHashMap slotByKey;
    private final long[] keys;
    private final byte[] masks;
    private final boolean[] zeros;
    private final int[] freeSlots;
    private final long[] sorted;
    private final long[] sortScratch;
    private final int[] sortCounts = new int[1 << Byte.SIZE];
    private int freeCount;
    private int highWater;

    /** An arena of {@code length} bytes, at most 256 MiB. */
    WriteArena(final int length) {
        slotCount = length / BLOCK_LENGTH;
        if (slotCount < 1 || slotCount > 1 << SLOT_BITS) {
            throw new IllegalArgumentException("an arena of " + length + " bytes");
        }
        slots = new UnsafeBuffer(BufferUtil.allocateDirectAligned(slotCount * BLOCK_LENGTH, BLOCK_LENGTH));
        slotByKey = new Long2LongHashMap(
                BitUtil.findNextPositivePowerOfTwo(slotCount * 2), Hashing.DEFAULT_LOAD_FACTOR, NONE);
        keys = new long[slotCount];
        masks = new byte[slotCount];
        zeros = new boolean[slotCount];
        freeSlots = new int[slotCount];
        sorted = new long[slotCount];
        sortScratch = new long[slotCount];
        clear();
    }

    /** Forgets everything. */
    void clear() {
        slotByKey.clear();
        freeCount = 0;
        highWater = 0;
        Arrays.fill(keys, NONE);
    }

    boolean isEmpty() {
        return slotByKey.isEmpty();
    }

    /** Slots not taken. */
    int freeSlots() {
        return slotCount - slotByKey.size();
    }

    /** Slots that a range can take at most. */
    static long blocksOf(final long offset, final long length) {
        return (offset + length - 1) / BLOCK_LENGTH - offset / BLOCK_LENGTH + 1;
    }

    /** Takes written bytes; offset and length are multiples of 512 and there is room. */
    void write(final int replica, final long offset, final DirectBuffer source, final int at, final int length) {
        long to = offset;
        int from = at;
        int left = length;
        while (left > 0) {
            final int inBlock = (int) (to % BLOCK_LENGTH);
            final int part = Math.min(left, BLOCK_LENGTH - inBlock);
            final int slot = slotOf(replica, to / BLOCK_LENGTH);
            zeros[slot] = false;
            slots.putBytes(slot * BLOCK_LENGTH + inBlock, source, from, part);
            masks[slot] |= (byte) mask(inBlock, part);
            to += part;
            from += part;
            left -= part;
        }
    }

    /** Takes a range of zeros; offset and length are multiples of 512 and there is room. */
    void zero(final int replica, final long offset, final long length) {
        long to = offset;
        long left = length;
        while (left > 0) {
            final int inBlock = (int) (to % BLOCK_LENGTH);
            final int part = (int) Math.min(left, BLOCK_LENGTH - inBlock);
            final int slot = slotOf(replica, to / BLOCK_LENGTH);
            slots.setMemory(slot * BLOCK_LENGTH + inBlock, part, (byte) 0);
            masks[slot] |= (byte) mask(inBlock, part);
            zeros[slot] |= part == BLOCK_LENGTH;
            to += part;
            left -= part;
        }
    }

    /** Drops whole blocks from {@code offset} (multiple of 4096) on: something newer covers them. */
    void drop(final int replica, final long offset, final long length) {
        final long first = key(replica, offset / BLOCK_LENGTH);
        final long count = length / BLOCK_LENGTH;
        if (count < slotByKey.size()) {
            for (long key = first; key < first + count; key++) {
                free((int) slotByKey.remove(key));
            }
        } else {
            for (int slot = 0; slot < highWater; slot++) {
                if (keys[slot] >= first && keys[slot] < first + count) {
                    slotByKey.remove(keys[slot]);
                    free(slot);
                }
            }
        }
    }

    private void free(final int slot) {
        if (slot >= 0) {
            keys[slot] = NONE;
            freeSlots[freeCount++] = slot;
        }
    }

    private int slotOf(final int replica, final long block) {
        final long key = key(replica, block);
        final long known = slotByKey.get(key);
        if (known != NONE) {
            return (int) known;
        }
        final int slot = freeCount > 0 ? freeSlots[--freeCount] : highWater++;
        keys[slot] = key;
        masks[slot] = 0;
        zeros[slot] = false;
        slotByKey.put(key, slot);
        return slot;
    }

    private static int mask(final int inBlock, final int length) {
        return ((1 << (length / SECTOR_LENGTH)) - 1) << (inBlock / SECTOR_LENGTH);
    }

    private static long key(final int replica, final long block) {
        return (long) replica << BLOCK_BITS | block;
    }

    /** Orders the slots by replica and block; returns how many. {@link #slotAt} then answers. */
    int sort() {
        int count = 0;
        for (int slot = 0; slot < highWater; slot++) {
            if (keys[slot] != NONE) {
                sorted[count++] = keys[slot] << SLOT_BITS | slot;
            }
        }
        radixSort(count);
        return count;
    }

    /** Least significant byte first, the bytes of the slot left out: stable, linear, and without garbage. */
    private void radixSort(final int count) {
        long[] from = sorted;
        long[] to = sortScratch;
        for (int shift = SLOT_BITS; shift < Long.SIZE; shift += Byte.SIZE) {
            Arrays.fill(sortCounts, 0);
            for (int i = 0; i < count; i++) {
                sortCounts[(int) (from[i] >>> shift) & 0xFF]++;
            }
            int at = 0;
            for (int digit = 0; digit < sortCounts.length; digit++) {
                final int digits = sortCounts[digit];
                sortCounts[digit] = at;
                at += digits;
            }
            for (int i = 0; i < count; i++) {
                to[sortCounts[(int) (from[i] >>> shift) & 0xFF]++] = from[i];
            }
            final long[] swap = from;
            from = to;
            to = swap;
        }
    }

    /** The slot at a place of the order made by {@link #sort}. */
    int slotAt(final int index) {
        return (int) sorted[index] & ((1 << SLOT_BITS) - 1);
    }

    int replicaOf(final int slot) {
        return (int) (keys[slot] >>> BLOCK_BITS);
    }

    /** Byte offset in the replica of the slot's block. */
    long offsetOf(final int slot) {
        return (keys[slot] & (1L << BLOCK_BITS) - 1) * BLOCK_LENGTH;
    }

    /** One bit a sector that was written. */
    int maskOf(final int slot) {
        return masks[slot] & 0xFF;
    }

    /** True when the whole block is zeros. */
    boolean isZero(final int slot) {
        return zeros[slot];
    }

    /** The memory of all slots; slot n begins at n * 4096. */
    UnsafeBuffer memory() {
        return slots;
    }
}
