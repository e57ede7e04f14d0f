package org.farshore.tests.simulation;

import org.farshore.dataplane.runtime.Entropy;

/**
 * One stream of random numbers (SplitMix64), the same on every JVM. Each part of a world has dice of its own, so that leaving
 * out a fault does not change what the others draw.
 */
final class Dice implements Entropy {
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

    private long state;

    Dice(final long seed) {
        state = seed;
    }

    /** Dice of their own for a part with this name. */
    static Dice of(final long seed, final String part) {
        long hash = seed;
        for (int i = 0; i < part.length(); i++) {
            hash = mix(hash + GOLDEN + part.charAt(i));
        }
        return new Dice(hash);
    }

    static long mix(final long value) {
        long z = value;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }

    @Override
    public long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    @Override
    public void nextBytes(final byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) nextLong();
        }
    }

    /** 0 to {@code bound - 1}. */
    int below(final int bound) {
        return (int) ((nextLong() >>> 33) % bound);
    }

    /** From {@code low} to {@code high}, both included. */
    long between(final long low, final long high) {
        return low + (nextLong() >>> 1) % (high - low + 1);
    }

    /** True once in {@code count} throws. */
    boolean oneIn(final int count) {
        return below(count) == 0;
    }

    /** Small mostly, large sometimes: uniform in the logarithm. */
    long skewed(final long low, final long high) {
        final int doublings = 63 - Long.numberOfLeadingZeros(Math.max(1, high / Math.max(1, low)));
        final long base = Math.max(1, low) << below(doublings + 1);
        return Math.min(high, between(base, 2 * base));
    }
}
