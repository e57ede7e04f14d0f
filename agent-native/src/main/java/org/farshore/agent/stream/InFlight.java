package org.farshore.agent.stream;

import java.util.Arrays;

/**
 * Counts, for every sector, the writes whose submission was taken from the ring and whose completion was not. A block read
 * from the device while one of its sectors is in flight may hold old or new bytes there: such sectors are holes.
 *
 * <p>A hash table with open addressing and backward-shift deletion, bounded, nothing allocated after construction:
 * <pre>
 *   key    volume &lt;&lt; 40 | block number          one entry per 4 KiB block with any sector in flight
 *   count  8 bytes, one per sector:  7 bits  writes in flight
 *                                    1 bit   two of them overlapped; kept until the count is zero
 *   time   submission of the first write since the entry was made, CLOCK_MONOTONIC ns
 * </pre>
 *
 * <p>Two writes of one sector in flight at once may reach the device in either order, so the one that the stream holds
 * last need not be the one on the disk: when the last of them has completed, {@link #complete} says so and the sector is
 * read again. A full table or a full counter is told by {@link #submit}; the caller must then forget the table as at its own
 * restart, and completions of what was forgotten come back unmatched. One thread.
 */
public final class InFlight {
    private static final long EMPTY = -1L;
    private static final long COUNTS = 0x7F7F_7F7F_7F7F_7F7FL;
    private static final long TOPS = 0x8080_8080_8080_8080L;
    private static final long GATHER = 0x0102_0408_1020_4080L;
    private static final int VOLUME_SHIFT = 40;
    private static final long[] SPREAD = spread();

    private final long[] keys;
    private final long[] counts;
    private final long[] times;
    private final int mask;
    private final int sizeMax;
    private int size;

    /**
     * A table with room for three quarters of {@code slotCount} blocks.
     *
     * @param slotCount a power of two.
     */
    public InFlight(final int slotCount) {
        if (Integer.bitCount(slotCount) != 1) {
            throw new IllegalArgumentException("slot count must be a power of two: " + slotCount);
        }
        keys = new long[slotCount];
        counts = new long[slotCount];
        times = new long[slotCount];
        mask = slotCount - 1;
        sizeMax = slotCount - (slotCount >> 2);
        Arrays.fill(keys, EMPTY);
    }

    /**
     * A write of some sectors of one block was submitted.
     *
     * @param sectors bit n stands for the block's sector n.
     * @return false when it could not be counted: the table or a counter is full.
     */
    public boolean submit(final int volume, final long block, final int sectors, final long timeNs) {
        final long key = key(volume, block);
        final int slot = find(key);
        if (keys[slot] == EMPTY) {
            if (size == sizeMax) {
                return false;
            }
            keys[slot] = key;
            counts[slot] = 0;
            times[slot] = timeNs;
            size++;
        }
        final long count = counts[slot] & COUNTS;
        final long increment = SPREAD[sectors];
        final long sum = count + increment;
        if ((sum & TOPS) != 0) {
            return false;
        }
        final long overlapped = nonZero(count) & (increment << 7);
        counts[slot] = (counts[slot] & TOPS) | overlapped | sum;
        return true;
    }

    /**
     * A write of some sectors of one block completed.
     *
     * @return in bits 0 to 7 the sectors whose submission was never seen, in bits 8 to 15 those where overlapping writes
     *     have now all completed.
     */
    public int complete(final int volume, final long block, final int sectors) {
        final int slot = find(key(volume, block));
        if (keys[slot] == EMPTY) {
            return sectors;
        }
        final long count = counts[slot] & COUNTS;
        final long selected = SPREAD[sectors] << 7;
        final long matched = nonZero(count) & selected;
        final long rest = count - (matched >>> 7);
        final long busy = nonZero(rest);
        final long settled = counts[slot] & TOPS & matched & ~busy;
        counts[slot] = (counts[slot] & TOPS & busy) | rest;
        if (rest == 0) {
            remove(slot);
        }
        return gather(selected & ~matched) | gather(settled) << 8;
    }

    /** Which sectors of the block have a write in flight, as bits. */
    public int busy(final int volume, final long block) {
        if (size == 0) {
            return 0;
        }
        final int slot = find(key(volume, block));
        return keys[slot] == EMPTY ? 0 : gather(nonZero(counts[slot] & COUNTS));
    }

    /** Blocks with a write in flight. */
    public int size() {
        return size;
    }

    /** Forgets all writes of one volume. */
    public void forget(final int volume) {
        int slot = 0;
        while (slot <= mask && size > 0) {
            if (keys[slot] != EMPTY && (int) (keys[slot] >>> VOLUME_SHIFT) == volume) {
                remove(slot);
            } else {
                slot++;
            }
        }
    }

    /** Length of the table, to look through it by slot. */
    int slotCount() {
        return keys.length;
    }

    /** True when the slot holds a block of this volume whose first write is older than the given time. */
    boolean isOlder(final int slot, final int volume, final long timeNs) {
        return keys[slot] != EMPTY && (int) (keys[slot] >>> VOLUME_SHIFT) == volume && times[slot] - timeNs < 0;
    }

    /** The block in the slot. */
    long blockAt(final int slot) {
        return keys[slot] & ((1L << VOLUME_SHIFT) - 1);
    }

    /** The counts of one block, for comparing states under test. */
    long word(final int volume, final long block) {
        final int slot = find(key(volume, block));
        return keys[slot] == EMPTY ? 0 : counts[slot];
    }

    void copyFrom(final InFlight other) {
        System.arraycopy(other.keys, 0, keys, 0, keys.length);
        System.arraycopy(other.counts, 0, counts, 0, counts.length);
        System.arraycopy(other.times, 0, times, 0, times.length);
        size = other.size;
    }

    private void remove(final int slot) {
        int hole = slot;
        int next = slot;
        while (true) {
            next = (next + 1) & mask;
            if (keys[next] == EMPTY) {
                break;
            }
            final int home = home(keys[next]);
            if (((next - home) & mask) >= ((next - hole) & mask)) {
                keys[hole] = keys[next];
                counts[hole] = counts[next];
                times[hole] = times[next];
                hole = next;
            }
        }
        keys[hole] = EMPTY;
        size--;
    }

    private int find(final long key) {
        int slot = home(key);
        while (keys[slot] != EMPTY && keys[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private int home(final long key) {
        return (int) ((key * 0x9E37_79B9_7F4A_7C15L) >>> 32) & mask;
    }

    private static long key(final int volume, final long block) {
        return (long) volume << VOLUME_SHIFT | block;
    }

    /** The top bit of every byte whose low seven bits are not zero. */
    private static long nonZero(final long count) {
        return (count + COUNTS) & TOPS;
    }

    /** The top bits of the eight bytes as bits 0 to 7. */
    private static int gather(final long tops) {
        return (int) (((tops >>> 7) * GATHER) >>> 56);
    }

    private static long[] spread() {
        final long[] table = new long[256];
        for (int sectors = 0; sectors < 256; sectors++) {
            for (int sector = 0; sector < 8; sector++) {
                table[sectors] |= (long) (sectors >> sector & 1) << (8 * sector);
            }
        }
        return table;
    }
}
