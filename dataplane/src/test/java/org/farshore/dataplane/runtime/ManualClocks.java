package org.farshore.dataplane.runtime;

/** Clocks that stand still until a test moves them. */
public final class ManualClocks implements Clocks {
    private long nowNs = 1;

    /** Moves both clocks forward. */
    public void advance(final long ns) {
        nowNs += ns;
    }

    @Override
    public long nanoTime() {
        return nowNs;
    }

    @Override
    public long epochNanos() {
        return 1_700_000_000_000_000_000L + nowNs;
    }
}
