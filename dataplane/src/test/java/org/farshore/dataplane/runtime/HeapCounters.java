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

    /** Sum over all subjects; 0 when there is no such counter. */
    public long sum(final ReplicationCounter descriptor) {
        long sum = 0;
        for (final Map.Entry<String, AtomicCounter> counter : counters.entrySet()) {
            sum += counter.getKey().startsWith(descriptor + "/")
                    ? counter.getValue().get()
                    : 0;
        }
        return sum;
    }

    /** As above; 0 when nobody has made it. */
    public long getOrZero(final ReplicationCounter descriptor, final String subject) {
        final AtomicCounter counter = counters.get(descriptor + "/" + subject);
        return counter == null ? 0 : counter.get();
    }
}
