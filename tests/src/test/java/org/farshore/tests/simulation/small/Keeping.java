package org.farshore.tests.simulation.small;

import java.util.function.BooleanSupplier;

/**
 * Which of the sectors, lengths and names that were not synced a power cut keeps: the bits of a pattern, from the lowest, again
 * and again. All subsets of k things are the patterns of k bits.
 */
final class Keeping implements BooleanSupplier {
    static final Keeping NOTHING = new Keeping(0, 1);
    static final Keeping EVERYTHING = new Keeping(1, 1);

    private final int pattern;
    private final int bits;
    private int asked;

    Keeping(final int pattern, final int bits) {
        this.pattern = pattern;
        this.bits = bits;
    }

    /** The same, from the begin. */
    Keeping again() {
        return new Keeping(pattern, bits);
    }

    /** How many things were asked for. */
    int asked() {
        return asked;
    }

    @Override
    public boolean getAsBoolean() {
        return (pattern >>> asked++ % bits & 1) != 0;
    }

    @Override
    public String toString() {
        return bits == 1
                ? (pattern == 0 ? "nothing" : "everything")
                : Integer.toBinaryString(pattern | 1 << bits).substring(1);
    }
}
