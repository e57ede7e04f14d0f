package org.farshore.dataplane.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The counters and errors of one role process at one moment, read from outside.
 *
 * @param directory the role's directory in shared memory.
 * @param role {@code agent}, {@code process-server} or {@code master-target}.
 * @param instance the configured name of this process among those of its role.
 * @param pid process id as the role wrote it, 0 when it had not yet.
 * @param life whether the process is there and moves.
 * @param startedMs epoch milliseconds of its start.
 * @param readNs monotonic nanoseconds of this reading.
 * @param values every counter of the product, then those of Aeron.
 * @param faults distinct errors, oldest first.
 */
public record RoleSample(
        Path directory,
        String role,
        String instance,
        long pid,
        Life life,
        long startedMs,
        long readNs,
        List<Value> values,
        List<Fault> faults) {

    /** Whether a role process is there. */
    public enum Life {
        /** It runs and its media driver moves. */
        RUNNING,
        /** The process is there, but its media driver has not moved for seconds: stopped, or starved. */
        SILENT,
        /** The process is gone; the directory is what it left. */
        DEAD
    }

    /**
     * One counter.
     *
     * @param counter which of the product's, or null for one of Aeron's.
     * @param subject what it counts for; empty for the role as a whole, and for Aeron's counters.
     */
    public record Value(ReplicationCounter counter, int typeId, String label, String subject, long value) {}

    /** One distinct error: how often, when first and last (epoch milliseconds), and its text, which may have many lines. */
    public record Fault(int count, long firstMs, long lastMs, String text) {
        /** The first line of the text. */
        public String headline() {
            final int end = text.indexOf('\n');
            return (end < 0 ? text : text.substring(0, end)).trim();
        }
    }

    public RoleSample {
        values = List.copyOf(values);
        faults = List.copyOf(faults);
    }

    /** True when the role has this counter, for any subject. */
    public boolean has(final ReplicationCounter counter) {
        return values.stream().anyMatch(value -> value.counter() == counter);
    }

    /** Sum of this counter over all subjects; 0 when the role has none. */
    public long sum(final ReplicationCounter counter) {
        return values.stream()
                .filter(value -> value.counter() == counter)
                .mapToLong(Value::value)
                .sum();
    }

    /** Greatest value of this counter over all subjects; 0 when the role has none. */
    public long max(final ReplicationCounter counter) {
        return values.stream()
                .filter(value -> value.counter() == counter)
                .mapToLong(Value::value)
                .max()
                .orElse(0);
    }

    /** This counter for one subject; 0 when there is none. */
    public long value(final ReplicationCounter counter, final String subject) {
        for (final Value value : values) {
            if (value.counter() == counter && value.subject().equals(subject)) {
                return value.value();
            }
        }
        return 0;
    }

    /** The subjects of this counter, in order of registration. */
    public Set<String> subjects(final ReplicationCounter counter) {
        final Set<String> subjects = new LinkedHashSet<>();
        for (final Value value : values) {
            if (value.counter() == counter) {
                subjects.add(value.subject());
            }
        }
        return subjects;
    }

    /** Bytes or counts a second since {@code before}, over all subjects; 0 without an earlier sample of the same process. */
    public double rate(final ReplicationCounter counter, final RoleSample before) {
        if (before == null || before.pid != pid || readNs <= before.readNs) {
            return 0;
        }
        return Math.max(0, sum(counter) - before.sum(counter)) * 1e9 / (readNs - before.readNs);
    }

    /** The volumes of an agent by name, without a subject that is empty. */
    public List<String> volumes() {
        final List<String> names = new ArrayList<>(subjects(ReplicationCounter.VOLUME_STATE));
        names.remove("");
        return names;
    }
}
