package org.farshore.agent.capture;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * The bits of one volume in a pinned map, in words of 64, changed in place: what is set here outlives the process. Words
 * are written with ordered stores, so that a kill between two calls leaves both or the first.
 *
 * <p>The number of set bits is counted once at construction and kept up to date from then on; that is right because one
 * thread is the only writer.
 */
final class PinnedBits implements VolumeBits {
    private final UnsafeBuffer words;
    private long blockCount;
    private long cardinality;

    /**
     * Counts what is set.
     *
     * @param address of the volume's first word.
     * @param capacity bits that belong to the volume, multiple of 64, at most 2^34.
     */
    PinnedBits(final long address, final long capacity, final long blockCount) {
        if ((capacity & 63) != 0 || capacity >>> 3 > Integer.MAX_VALUE || blockCount > capacity) {
            throw new IllegalArgumentException("bits: capacity " + capacity + ", blocks " + blockCount);
        }
        this.words = new UnsafeBuffer(address, (int) (capacity >>> 3));
        this.blockCount = blockCount;
        for (int at = 0; at < words.capacity(); at += 8) {
            cardinality += Long.bitCount(words.getLong(at));
        }
    }

    @Override
    public long blockCount() {
        return blockCount;
    }

    /** The volume has grown, within the capacity. */
    void blockCount(final long count) {
        if (count < blockCount || count > words.capacity() * 8L) {
            throw new IllegalArgumentException("blocks " + count + " after " + blockCount);
        }
        blockCount = count;
    }

    @Override
    public boolean isSet(final long block) {
        check(block, 1);
        return (words.getLong(at(block)) & 1L << block) != 0;
    }

    @Override
    public void setRange(final long first, final long count) {
        check(first, count);
        for (long block = first; block < first + count; block = wordEnd(block)) {
            final long old = words.getLong(at(block));
            final long now = old | mask(block, first + count);
            if (now != old) {
                cardinality += Long.bitCount(now) - Long.bitCount(old);
                words.putLongRelease(at(block), now);
            }
        }
    }

    @Override
    public void clearRange(final long first, final long count) {
        check(first, count);
        for (long block = first; block < first + count; block = wordEnd(block)) {
            final long old = words.getLong(at(block));
            final long now = old & ~mask(block, first + count);
            if (now != old) {
                cardinality -= Long.bitCount(old) - Long.bitCount(now);
                words.putLongRelease(at(block), now);
            }
        }
    }

    @Override
    public long nextSet(final long from) {
        if (cardinality == 0) {
            return -1;
        }
        for (long block = from; block < blockCount; block = wordEnd(block)) {
            final long rest = words.getLong(at(block)) & -1L << block;
            if (rest != 0) {
                final long found = (block & ~63L) + Long.numberOfTrailingZeros(rest);
                return found < blockCount ? found : -1;
            }
        }
        return -1;
    }

    @Override
    public long cardinality() {
        return cardinality;
    }

    /** Sets these bits of the word that holds {@code block}; for harvests. */
    int setWord(final long block, final long bits) {
        final long old = words.getLong(at(block));
        final int added = Long.bitCount(bits & ~old);
        cardinality += added;
        words.putLongRelease(at(block), old | bits);
        return added;
    }

    /** Clears everything, up to the capacity. */
    void clear() {
        for (int at = 0; at < words.capacity(); at += 8) {
            if (words.getLong(at) != 0) {
                words.putLongRelease(at, 0);
            }
        }
        cardinality = 0;
    }

    private void check(final long first, final long count) {
        if (first < 0 || count < 0 || first + count > blockCount) {
            throw new IndexOutOfBoundsException("blocks " + first + " + " + count + " of " + blockCount);
        }
    }

    private static int at(final long block) {
        return (int) (block >>> 6) << 3;
    }

    private static long wordEnd(final long block) {
        return (block | 63) + 1;
    }

    /** Bits of the word of {@code block} from that block on, up to {@code end}. */
    private static long mask(final long block, final long end) {
        final long low = -1L << block;
        return end >= wordEnd(block) ? low : low & ~(-1L << end);
    }
}
