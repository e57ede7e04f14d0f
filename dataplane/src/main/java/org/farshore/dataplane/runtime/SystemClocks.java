package org.farshore.dataplane.runtime;

import org.agrona.concurrent.SystemEpochNanoClock;

/** The clocks of the machine. On Linux {@link System#nanoTime()} is CLOCK_MONOTONIC. May be used by any thread. */
public final class SystemClocks implements Clocks {
    private final SystemEpochNanoClock epochNanoClock = new SystemEpochNanoClock();

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long epochNanos() {
        return epochNanoClock.nanoTime();
    }
}
