package org.farshore.dataplane.runtime;

/** Where identities, keys, stream ids and jitter come from: the machine's random source, or a seed under test. */
public interface Entropy {
    /** 64 random bits. */
    long nextLong();

    /** Fills the whole array with random bytes. */
    void nextBytes(byte[] bytes);
}
