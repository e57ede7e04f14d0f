package org.farshore.dataplane.runtime;

import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;

/**
 * Counters in the shared memory of the role's media driver, so that {@code farshore stat} and Aeron's own tools see them
 * without asking the role. Type id and label are the registered ones; the label reads {@code "<label> <subject>"}. Any
 * thread may make them; they must not be used after the {@link RoleDriver} was closed, the memory is gone then.
 */
public final class AeronCounters implements CounterFactory {
    private final CountersManager counters;

    AeronCounters(final CountersManager counters) {
        this.counters = counters;
    }

    @Override
    public AtomicCounter newCounter(final ReplicationCounter descriptor, final String subject) {
        final String label = subject.isEmpty() ? descriptor.label() : descriptor.label() + ' ' + subject;
        return counters.newCounter(label, descriptor.typeId());
    }
}
