package org.farshore.agent.capture;

import java.util.BitSet;

/** {@link VolumeBits} on the heap, for tests. */
public final class HeapBits implements VolumeBits {
    private final BitSet bits = new BitSet();
    private long blockCount;

    public HeapBits(final long blockCount) {
        this.blockCount = blockCount;
    }

    /** Makes room for more blocks. */
    public void grow(final long newBlockCount) {
        blockCount = newBlockCount;
    }

    /** Takes over all bits of another set. */
    public void copyFrom(final HeapBits other) {
        bits.clear();
        bits.or(other.bits);
    }

    /** Sets the same bits in another set. */
    void addTo(final BitSet target) {
        target.or(bits);
    }

    @Override
    public long blockCount() {
        return blockCount;
    }

    @Override
    public boolean isSet(final long block) {
        return bits.get((int) block);
    }

    @Override
    public void setRange(final long first, final long count) {
        check(first, count);
        bits.set((int) first, (int) (first + count));
    }

    @Override
    public void clearRange(final long first, final long count) {
        check(first, count);
        bits.clear((int) first, (int) (first + count));
    }

    @Override
    public long nextSet(final long from) {
        return from >= blockCount ? -1 : bits.nextSetBit((int) from);
    }

    @Override
    public long cardinality() {
        return bits.cardinality();
    }

    private void check(final long first, final long count) {
        if (first < 0 || count < 0 || first + count > blockCount) {
            throw new IndexOutOfBoundsException(first + "+" + count + " of " + blockCount);
        }
    }
}
