package org.farshore.control.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;

/** Makes the numbers of roles that never ran. */
final class DemoSamples {
    private final List<RoleSample.Value> agent = new ArrayList<>();
    private final List<RoleSample.Value> target = new ArrayList<>();

    /** An agent that streams one volume of 1 GiB in write order, everything durable and applied. */
    static DemoSamples inOrder() {
        return new DemoSamples()
                .agent(ReplicationCounter.SESSION_STATE, "m", 3)
                .agent(ReplicationCounter.VOLUME_STATE, "disk0", 5)
                .agent(ReplicationCounter.VOLUME_SIZE, "disk0", 1 << 30)
                .agent(ReplicationCounter.VOLUME_TODO, "disk0", 0)
                .agent(ReplicationCounter.VOLUME_SENT, "disk0", 0)
                .agent(ReplicationCounter.BARRIERS, "m", 10)
                .agent(ReplicationCounter.SENT_SEQUENCE, "m", 100)
                .agent(ReplicationCounter.DURABLE_SEQUENCE, "m", 100)
                .target(ReplicationCounter.APPLIED_SEQUENCE, "m", 100)
                .target(ReplicationCounter.POINTS, "m", 7);
    }

    DemoSamples agent(final ReplicationCounter counter, final String subject, final long value) {
        put(agent, counter, subject, value);
        return this;
    }

    DemoSamples target(final ReplicationCounter counter, final String subject, final long value) {
        put(target, counter, subject, value);
        return this;
    }

    private static void put(
            final List<RoleSample.Value> values,
            final ReplicationCounter counter,
            final String subject,
            final long value) {
        values.removeIf(old -> old.counter() == counter && old.subject().equals(subject));
        values.add(new RoleSample.Value(counter, counter.typeId(), counter.label(), subject, value));
    }

    DemoNumbers numbers() {
        return new DemoNumbers(sample("agent", agent), null, null, sample("master-target", target), 3000, 1000);
    }

    private static RoleSample sample(final String role, final List<RoleSample.Value> values) {
        return new RoleSample(Path.of("/x"), role, "0", 1, RoleSample.Life.RUNNING, 0, 0, values, List.of());
    }
}
