package org.farshore.agent.copy;

import org.agrona.collections.LongHashSet;
import org.farshore.agent.capture.VolumeBits;

/**
 * Blocks of one volume that the device did not give. They stay in {@code todo}, and are left alone until
 * {@value #PAUSE_NS} ns have passed since the last failure; the others are read meanwhile. Of a device that fails
 * altogether no more than {@value #BLOCKS_MAX} are remembered: then the whole volume waits, and goes on behind them.
 * One thread.
 */
final class UnreadableBlocks {
    static final long PAUSE_NS = 10_000_000_000L;
    static final int BLOCKS_MAX = 1 << 14;

    /** Each of them is in {@code todo}, too. */
    private final LongHashSet blocks = new LongHashSet();

    private long retryNs;

    void add(final long block, final long nowNs) {
        blocks.add(block);
        retryNs = nowNs + PAUSE_NS;
    }

    /** True when a block may be read that is in {@code todo}. */
    boolean mayRead(final VolumeBits todo, final long nowNs) {
        if (blocks.isEmpty()) {
            return true;
        }
        if (nowNs - retryNs >= 0) {
            blocks.clear();
            return true;
        }
        return blocks.size() < BLOCKS_MAX && todo.cardinality() > blocks.size();
    }

    boolean contains(final long block) {
        return !blocks.isEmpty() && blocks.contains(block);
    }

    /** The first block at or behind {@code from} that is in {@code todo} and not left alone, or -1. */
    long next(final VolumeBits todo, final long from) {
        long block = todo.nextSet(from);
        while (block >= 0 && contains(block)) {
            block = todo.nextSet(block + 1);
        }
        return block;
    }
}
