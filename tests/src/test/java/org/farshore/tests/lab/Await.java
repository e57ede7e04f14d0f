package org.farshore.tests.lab;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for something to become true, looking every few milliseconds, and never for ever. */
public final class Await {
    private static final long LOOK_INTERVAL_NS = 5_000_000;

    private Await() {}

    /**
     * Returns as soon as {@code condition} holds.
     *
     * @param what ends the sentence "waited 30 s until ..." of the failure.
     * @param state what to show in the failure: where things stood at the end.
     * @throws AssertionError when it does not hold within {@code limit}.
     */
    public static void until(
            final String what, final Duration limit, final BooleanSupplier condition, final Supplier<String> state) {
        final long deadlineNs = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNs >= 0) {
                throw new AssertionError(
                        "waited " + limit.toSeconds() + " s until " + what + ", in vain:\n" + state.get());
            }
            LockSupport.parkNanos(LOOK_INTERVAL_NS);
        }
    }

    public static void until(final String what, final Duration limit, final BooleanSupplier condition) {
        until(what, limit, condition, () -> "");
    }

    /** Lets {@code duration} pass, for workloads that have to run for a while; {@code meanwhile} is called again and again. */
    public static void during(final Duration duration, final Runnable meanwhile) {
        final long endNs = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() - endNs < 0) {
            meanwhile.run();
            LockSupport.parkNanos(LOOK_INTERVAL_NS);
        }
    }
}
