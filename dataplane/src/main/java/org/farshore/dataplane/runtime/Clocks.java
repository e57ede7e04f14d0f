package org.farshore.dataplane.runtime;

/**
 * The two clocks a role may read, once per duty cycle. Lag and deadlines come from {@link #nanoTime()} alone; wall time
 * only labels and chooses recovery points, it never orders them.
 */
public interface Clocks {
    /**
     * Monotonic nanoseconds, the kernel's CLOCK_MONOTONIC: the clock of {@code bpf_ktime_get_ns}, so that a capture time
     * and an acknowledgement time on one machine may be subtracted.
     */
    long nanoTime();

    /** Nanoseconds since 1970-01-01 UTC; may jump either way. */
    long epochNanos();
}
