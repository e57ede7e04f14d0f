package org.farshore.tests.crashlab;

import java.util.concurrent.atomic.AtomicLong;
import org.farshore.dataplane.runtime.Clocks;

/** Clocks that go as the sender says, so that a window of seconds passes in as many milliseconds. Any thread. */
final class LabClocks implements Clocks {
    private static final long EPOCH_NS = 1_700_000_000_000_000_000L;

    private final AtomicLong nowNs = new AtomicLong(1);

    void advance(final long ns) {
        nowNs.addAndGet(ns);
    }

    @Override
    public long nanoTime() {
        return nowNs.get();
    }

    @Override
    public long epochNanos() {
        return wallTimeNs(nowNs.get());
    }

    static long wallTimeNs(final long monotonicNs) {
        return EPOCH_NS + monotonicNs;
    }
}
