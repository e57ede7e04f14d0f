package org.farshore.dataplane.tool;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;

/** Makes samples of roles that never ran. */
final class Samples {
    private final String role;
    private final List<RoleSample.Value> values = new ArrayList<>();
    private final List<RoleSample.Fault> faults = new ArrayList<>();
    private RoleSample.Life life = RoleSample.Life.RUNNING;
    private long readNs;

    private Samples(final String role) {
        this.role = role;
    }

    static Samples of(final String role) {
        return new Samples(role);
    }

    static Samples protectedAgent() {
        return of("agent")
                .with(ReplicationCounter.SESSION_STATE, "m", 3)
                .with(ReplicationCounter.VOLUME_STATE, "data", 5)
                .with(ReplicationCounter.VOLUME_SIZE, "data", 1 << 30)
                .with(ReplicationCounter.VOLUME_TODO, "data", 0)
                .with(ReplicationCounter.RECOVERY_LAG, "m", 350);
    }

    Samples with(final ReplicationCounter counter, final String subject, final long value) {
        values.removeIf(old -> old.counter() == counter && old.subject().equals(subject));
        values.add(new RoleSample.Value(counter, counter.typeId(), counter.label(), subject, value));
        return this;
    }

    Samples withFault(final String text) {
        faults.add(new RoleSample.Fault(3, 1000, 2000, text));
        return this;
    }

    Samples alive(final RoleSample.Life newLife) {
        life = newLife;
        return this;
    }

    Samples at(final long newReadNs) {
        readNs = newReadNs;
        return this;
    }

    RoleSample sample() {
        final Path directory = Path.of("/dev/shm/farshore-" + role + "-0");
        return new RoleSample(directory, role, "0", 4711, life, 0, readNs, values, faults);
    }
}
