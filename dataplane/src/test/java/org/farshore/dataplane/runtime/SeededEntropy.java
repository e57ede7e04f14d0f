package org.farshore.dataplane.runtime;

import java.util.Random;

/** Entropy from a seed. */
public final class SeededEntropy implements Entropy {
    private final Random random;

    public SeededEntropy(final long seed) {
        random = new Random(seed);
    }

    @Override
    public long nextLong() {
        return random.nextLong();
    }

    @Override
    public void nextBytes(final byte[] bytes) {
        random.nextBytes(bytes);
    }
}
