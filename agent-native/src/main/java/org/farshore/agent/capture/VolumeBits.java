package org.farshore.agent.capture;

/** One bit per block of 4 KiB of a volume. One thread writes. Block numbers count from 0 at the volume's begin. */
public interface VolumeBits {
    /** Number of bits: blocks of the volume, the last one may be partial. */
    long blockCount();

    boolean isSet(long block);

    /** Sets blocks {@code first} to {@code first + count - 1}. */
    void setRange(long first, long count);

    /** Clears blocks {@code first} to {@code first + count - 1}. */
    void clearRange(long first, long count);

    /** The first set block at or behind {@code from}, or -1. Skips clear words quickly. */
    long nextSet(long from);

    /** How many blocks are set, kept up to date by set and clear. */
    long cardinality();
}
