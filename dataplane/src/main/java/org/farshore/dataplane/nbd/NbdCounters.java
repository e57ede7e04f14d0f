package org.farshore.dataplane.nbd;

import java.util.EnumMap;
import java.util.Map;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** What the server counts, over all connections. Any thread. */
final class NbdCounters {
    private final AtomicCounter connections;
    private final AtomicCounter requests;
    private final AtomicCounter readBytes;
    private final AtomicCounter writtenBytes;
    private final AtomicCounter errors;
    private final Map<NbdCloseReason, AtomicCounter> closed = new EnumMap<>(NbdCloseReason.class);

    NbdCounters(final CounterFactory factory) {
        connections = factory.newCounter(ReplicationCounter.NBD_CONNECTIONS, "");
        requests = factory.newCounter(ReplicationCounter.NBD_REQUESTS, "");
        readBytes = factory.newCounter(ReplicationCounter.NBD_READ_BYTES, "");
        writtenBytes = factory.newCounter(ReplicationCounter.NBD_WRITTEN_BYTES, "");
        errors = factory.newCounter(ReplicationCounter.NBD_ERRORS, "");
        for (final NbdCloseReason reason : NbdCloseReason.values()) {
            closed.put(reason, factory.newCounter(ReplicationCounter.NBD_CLOSED, reason.label()));
        }
    }

    void opened() {
        connections.increment();
    }

    void ended(final NbdCloseReason reason) {
        connections.decrement();
        closed.get(reason).increment();
    }

    void refused(final NbdCloseReason reason) {
        closed.get(reason).increment();
    }

    void add(final long requestCount, final long errorCount, final long readLength, final long writtenLength) {
        requests.getAndAdd(requestCount);
        errors.getAndAdd(errorCount);
        readBytes.getAndAdd(readLength);
        writtenBytes.getAndAdd(writtenLength);
    }

    void close() {
        connections.close();
        requests.close();
        readBytes.close();
        writtenBytes.close();
        errors.close();
        closed.values().forEach(AtomicCounter::close);
    }
}
