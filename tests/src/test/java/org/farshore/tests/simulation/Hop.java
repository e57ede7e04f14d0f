package org.farshore.tests.simulation;

/** The way between two roles: how long messages take, which direction stands still, whether anybody gets through. */
final class Hop {
    static final int AGENT_TO_RELAY = 0;
    static final int RELAY_TO_TARGET = 1;
    static final int UP = 0;
    static final int DOWN = 1;

    private final int index;
    private final long latencyNs;
    private final long[] stalledUntilNs = new long[2];
    private long partitionedUntilNs;
    private long slowUntilNs;
    private long slowNs;
    private int corruptions;
    private long corruptBit;

    Hop(final int index, final long latencyNs) {
        this.index = index;
        this.latencyNs = latencyNs;
    }

    int index() {
        return index;
    }

    long latencyNs() {
        return latencyNs;
    }

    void stall(final int direction, final long untilNs) {
        stalledUntilNs[direction] = Math.max(stalledUntilNs[direction], untilNs);
    }

    boolean isStalled(final int direction, final long nowNs) {
        return nowNs < stalledUntilNs[direction];
    }

    void partition(final long untilNs) {
        partitionedUntilNs = Math.max(partitionedUntilNs, untilNs);
    }

    boolean isPartitioned(final long nowNs) {
        return nowNs < partitionedUntilNs;
    }

    void slow(final long extraNs, final long untilNs) {
        slowNs = extraNs;
        slowUntilNs = untilNs;
    }

    long extraNs(final long nowNs) {
        return nowNs < slowUntilNs ? slowNs : 0;
    }

    void corruptNext(final long bit) {
        corruptions++;
        corruptBit = bit;
    }

    /** Flips a bit when it is this message's turn. */
    boolean corrupt(final byte[] bytes) {
        if (corruptions == 0) {
            return false;
        }
        corruptions--;
        final int bit = (int) (corruptBit % (bytes.length * 8L));
        bytes[bit >> 3] ^= (byte) (1 << (bit & 7));
        return true;
    }

    void heal() {
        stalledUntilNs[UP] = 0;
        stalledUntilNs[DOWN] = 0;
        partitionedUntilNs = 0;
        slowUntilNs = 0;
        corruptions = 0;
    }
}
