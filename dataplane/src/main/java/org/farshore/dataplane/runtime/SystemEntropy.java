package org.farshore.dataplane.runtime;

import java.security.SecureRandom;

/** Entropy from the operating system. May be used by any thread. */
public final class SystemEntropy implements Entropy {
    private final SecureRandom random = new SecureRandom();

    @Override
    public long nextLong() {
        return random.nextLong();
    }

    @Override
    public void nextBytes(final byte[] bytes) {
        random.nextBytes(bytes);
    }
}
