package org.farshore.dataplane.recover;

import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.StateLog;

/** Shows what a stream keeps of its past, and raises the alarm when its journal runs short of room. Follow thread. */
final class RetentionGauges {
    private static final StateLog LOG = StateLog.of(RetentionGauges.class);
    private static final long MS_NS = 1_000_000L;

    private final String machine;
    private final AtomicCounter window;
    private final AtomicCounter floor;
    private final AtomicCounter used;
    private final AtomicCounter alarm;
    private final AtomicCounter offered;
    private final AtomicCounter versions;
    private final AtomicCounter indexed;
    private final AtomicCounter memory;
    private boolean isAlarmed;

    RetentionGauges(final String machine, final CounterFactory counters) {
        this.machine = machine;
        window = counters.newCounter(ReplicationCounter.RETENTION_WINDOW, machine);
        floor = counters.newCounter(ReplicationCounter.RETENTION_FLOOR, machine);
        used = counters.newCounter(ReplicationCounter.RETENTION_USED, machine);
        alarm = counters.newCounter(ReplicationCounter.RETENTION_ALARM, machine);
        offered = counters.newCounter(ReplicationCounter.RETENTION_POINTS, machine);
        versions = counters.newCounter(ReplicationCounter.INDEX_VERSIONS, machine);
        indexed = counters.newCounter(ReplicationCounter.INDEX_POSITION, machine);
        memory = counters.newCounter(ReplicationCounter.INDEX_MEMORY, machine);
    }

    void show(final StreamHistory history, final long usedBytes) {
        window.setRelease(history.policy().windowNs() / MS_NS);
        floor.setRelease(history.leases().floor());
        used.setRelease(usedBytes);
        offered.setRelease(history.points().count());
        versions.setRelease(history.index().liveVersions());
        indexed.setRelease(history.index().indexedPosition());
        memory.setRelease(history.index().memoryBytes());
        final boolean isShort = history.policy().isAlarm(usedBytes, isAlarmed);
        if (isShort != isAlarmed) {
            isAlarmed = isShort;
            alarm.setRelease(isShort ? 1 : 0);
            tell(history, usedBytes);
        }
    }

    private void tell(final StreamHistory history, final long usedBytes) {
        if (!isAlarmed) {
            LOG.info("stream", machine, "retention", "room-again", "used", usedBytes);
            return;
        }
        LOG.warn(
                "stream",
                machine,
                "retention",
                "short-of-room",
                "used",
                usedBytes,
                "limit",
                history.policy().limitBytes(),
                "advice",
                "raise journal.limit, shorten the window, or close views and give up pins that hold old moments; when the"
                        + " journal is full the sender is held back, and no point is given up by itself");
    }
}
