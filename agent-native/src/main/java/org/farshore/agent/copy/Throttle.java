package org.farshore.agent.copy;

/** Holds device reads down to a rate, with a second's worth in hand at most. One thread. */
public final class Throttle {
    private static final long SECOND_NS = 1_000_000_000L;

    private final long bytesPerSecond;
    private long freeAtNs;

    /**
     * A throttle.
     *
     * @param bytesPerSecond 0 for none.
     */
    public Throttle(final long bytesPerSecond, final long nowNs) {
        this.bytesPerSecond = bytesPerSecond;
        this.freeAtNs = nowNs;
    }

    /** True when a read may be issued now. */
    boolean mayRead(final long nowNs) {
        if (bytesPerSecond == 0) {
            return true;
        }
        if (freeAtNs - (nowNs - SECOND_NS / 4) < 0) {
            freeAtNs = nowNs - SECOND_NS / 4;
        }
        return freeAtNs - nowNs <= 0;
    }

    /** So many bytes are being read. */
    void onRead(final int length) {
        if (bytesPerSecond != 0) {
            freeAtNs += (long) ((double) length * SECOND_NS / bytesPerSecond);
        }
    }
}
