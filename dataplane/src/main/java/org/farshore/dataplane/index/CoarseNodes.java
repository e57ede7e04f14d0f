package org.farshore.dataplane.index;

/**
 * The tree over a volume that zeros and discards from 1 MiB up are versions of. Four levels of aligned pieces: 1 MiB,
 * 64 MiB, 4 GiB, 256 GiB. An extent is cut into the largest pieces that fit, so that a discard of a whole TiB is four
 * versions, any extent a few hundred at most, and the newest zero over a block is the newest of at most four nodes, one of
 * each level.
 */
final class CoarseNodes {
    /** log2 of the smallest piece, in bytes; shorter extents are block versions. */
    static final int REGION_SHIFT = 20;

    static final long REGION_LENGTH = 1L << REGION_SHIFT;
    static final int LEVELS = 4;
    /** Numbers of nodes are below. */
    static final long NODES_MAX;

    private static final int LEVEL_BITS = 6;
    /** 2^24 regions of 1 MiB are 16 TiB, the largest volume. */
    private static final int REGION_BITS = 24;

    private static final long[] FIRST_NODE = new long[LEVELS];

    static {
        long first = 0;
        for (int level = 0; level < LEVELS; level++) {
            FIRST_NODE[level] = first;
            first += 1L << (REGION_BITS - level * LEVEL_BITS);
        }
        NODES_MAX = first;
    }

    private CoarseNodes() {}

    /** Number of the node of this level over the region. */
    static long node(final int level, final long region) {
        return FIRST_NODE[level] + (region >>> (level * LEVEL_BITS));
    }

    /** The largest level whose piece begins at this region and does not pass the end. */
    static int levelAt(final long region, final long endRegion) {
        int level = 0;
        while (level + 1 < LEVELS && isAligned(region, level + 1) && region + regions(level + 1) <= endRegion) {
            level++;
        }
        return level;
    }

    private static boolean isAligned(final long region, final int level) {
        return (region & regions(level) - 1) == 0;
    }

    /** Regions under one node of the level. */
    static long regions(final int level) {
        return 1L << (level * LEVEL_BITS);
    }
}
