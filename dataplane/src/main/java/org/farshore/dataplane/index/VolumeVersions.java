package org.farshore.dataplane.index;

import java.util.Arrays;

/** What the index holds of one volume: the newest version of each block and of each coarse node, and where it ended. */
final class VolumeVersions {
    /** 2^32 blocks of 4 KiB are 16 TiB, the largest volume. */
    private static final long BLOCKS_MAX = 1L << 32;

    private final int number;
    private final NewestMap blocks;
    private final NewestMap coarse;
    private volatile long[] removals = {};
    private volatile boolean hasCoarse;

    VolumeVersions(final int number, final ReaderEpochs epochs) {
        this.number = number;
        this.blocks = new NewestMap(BLOCKS_MAX, epochs);
        this.coarse = new NewestMap(CoarseNodes.NODES_MAX, epochs);
    }

    int number() {
        return number;
    }

    NewestMap blocks() {
        return blocks;
    }

    NewestMap coarse() {
        return coarse;
    }

    /** Writer. */
    void putCoarse(final long node, final long id, final long horizon) {
        coarse.put(node, id, horizon);
        hasCoarse = true;
    }

    /** Any thread: false when no zeros were ever put into the coarse map. */
    boolean hasCoarse() {
        return hasCoarse;
    }

    /** Writer: the volume ended at this id; its number may come again for another. */
    void removed(final long id, final long horizon) {
        final long[] living =
                Arrays.stream(removals).filter(old -> old > horizon).toArray();
        final long[] more = Arrays.copyOf(living, living.length + 1);
        more[living.length] = id;
        removals = more;
    }

    /** Any thread: versions at or below are not this volume's at this moment: retired, or of another one of its number. */
    long lowerBound(final long moment, final long horizon) {
        long bound = horizon;
        for (final long removal : removals) {
            if (removal <= moment && removal > bound) {
                bound = removal;
            }
        }
        return bound;
    }

    void beginSweep() {
        blocks.beginSweep();
        coarse.beginSweep();
    }

    boolean isSweeping() {
        return blocks.isSweeping() || coarse.isSweeping();
    }

    void sweep(final long horizon, final long newest) {
        if (blocks.isSweeping()) {
            blocks.sweep(horizon, newest);
        } else {
            coarse.sweep(horizon, newest);
        }
    }

    void retireAll() {
        blocks.retireAll();
        coarse.retireAll();
    }
}
