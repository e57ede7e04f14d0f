package org.farshore.perf.load;

import java.util.BitSet;
import org.farshore.agent.capture.VolumeBits;

/** Bits of a volume in memory; those of production are pinned in the kernel. */
final class MemoryBits implements VolumeBits {
    private final BitSet bits;
    private final long blockCount;
    private long cardinality;

    MemoryBits(final long blockCount) {
        this.blockCount = blockCount;
        this.bits = new BitSet(Math.toIntExact(blockCount));
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
        for (long block = first; block < first + count; block++) {
            cardinality += bits.get((int) block) ? 0 : 1;
            bits.set((int) block);
        }
    }

    @Override
    public void clearRange(final long first, final long count) {
        for (long block = first; block < first + count; block++) {
            cardinality -= bits.get((int) block) ? 1 : 0;
            bits.clear((int) block);
        }
    }

    @Override
    public long nextSet(final long from) {
        return from >= blockCount ? -1 : bits.nextSetBit((int) from);
    }

    @Override
    public long cardinality() {
        return cardinality;
    }
}
