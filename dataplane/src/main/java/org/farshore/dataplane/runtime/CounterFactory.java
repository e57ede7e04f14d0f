package org.farshore.dataplane.runtime;

import org.agrona.concurrent.status.AtomicCounter;

/** Makes the counters of a role: in the media driver's shared memory in production, on the heap in tests. */
public interface CounterFactory {
    /**
     * A new counter, starting at zero.
     *
     * @param descriptor which of the registered counters.
     * @param subject what it counts for, such as a machine or volume name; empty for the role as a whole.
     */
    AtomicCounter newCounter(ReplicationCounter descriptor, String subject);
}
