package org.farshore.dataplane.ship;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Bounded waiting for things that other threads or processes do. */
public final class Await {
    private static final long STEP_NS = 100_000L;

    private Await() {}

    /** Runs {@code work} until {@code condition} holds; fails after 20 s with {@code what}. Returns ms waited. */
    public static long until(final Runnable work, final BooleanSupplier condition, final Supplier<String> what) {
        final long startNs = System.nanoTime();
        final long deadlineNs = startNs + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            work.run();
            if (System.nanoTime() - deadlineNs > 0) {
                throw new AssertionError("waited 20 s for " + what.get());
            }
            LockSupport.parkNanos(STEP_NS);
        }
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
    }
}
