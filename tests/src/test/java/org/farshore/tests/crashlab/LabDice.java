package org.farshore.tests.crashlab;

import java.util.Random;
import org.farshore.dataplane.runtime.Entropy;

/** What is left to chance, from a seed. One thread at a time, whichever it is. */
final class LabDice implements Entropy {
    private final Random random;

    LabDice(final long seed) {
        random = new Random(seed * 0x9E37_79B9_7F4A_7C15L + 1);
    }

    @Override
    public synchronized long nextLong() {
        return random.nextLong();
    }

    @Override
    public synchronized void nextBytes(final byte[] bytes) {
        random.nextBytes(bytes);
    }

    /** 0 to {@code bound - 1}. */
    synchronized int below(final int bound) {
        return random.nextInt(bound);
    }

    boolean oneIn(final int count) {
        return below(count) == 0;
    }
}
