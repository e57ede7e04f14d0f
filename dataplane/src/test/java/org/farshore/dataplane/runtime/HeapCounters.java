package org.farshore.dataplane.runtime;

import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersReader;

/** Counters for tests: on the heap, read back by what they count. */
public final class HeapCounters implements CounterFactory {
    private final Map<String, AtomicCounter> counters = new HashMap<>();

    @Override
    public AtomicCounter newCounter(final ReplicationCounter descriptor, final String subject) {
        final AtomicCounter counter = new AtomicCounter(new UnsafeBuffer(new byte[CountersReader.COUNTER_LENGTH]), 0);
        counters.put(descriptor + "/" + subject, counter);
        return counter;
    }

    /** Value of a counter that was made before. */
    public long get(final ReplicationCounter descriptor, final String subject) {
        return counters.get(descriptor + "/" + subject).get();
    }
}
