package org.farshore.tests.simulation;

/** Rolls over everything that happens in a world: two runs of one seed are the same run if and only if it is equal. */
final class EventHash {
    private long hash = 0x243F_6A88_85A3_08D3L;
    private long count;

    void add(final long event) {
        hash = Dice.mix(hash ^ event) + event;
        count++;
    }

    void add(final long event, final long detail) {
        add(event * 31 + detail);
    }

    /** Adds bytes: all of them when they are few, a sample of one word in eight when they are many. */
    void addBytes(final byte[] bytes, final int length) {
        long sum = length;
        final int stride = length > 256 ? 64 : 1;
        for (int i = 0; i < length; i += stride) {
            sum = sum * 31 + bytes[i];
        }
        add(sum);
    }

    long value() {
        return hash;
    }

    /** How many events went in. */
    long count() {
        return count;
    }
}
