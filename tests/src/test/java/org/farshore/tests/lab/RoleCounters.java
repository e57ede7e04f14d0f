package org.farshore.tests.lab;

import java.nio.file.Path;
import java.util.TreeMap;
import org.farshore.dataplane.runtime.CounterReader;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * The counters of one life of a role. The mapping outlives the process and even the file, so the last values of a killed
 * role can still be read.
 */
public final class RoleCounters {
    private final CounterReader reader;

    private RoleCounters(final CounterReader reader) {
        this.reader = reader;
    }

    /** The counters in an Aeron directory, or null while it has none that are complete. */
    static RoleCounters tryOpen(final Path aeronDirectory) {
        try {
            return new RoleCounters(CounterReader.open(aeronDirectory));
        } catch (final FarshoreException | IllegalStateException e) {
            return null;
        }
    }

    /** Gives the mapping back. Labs keep it for a life that was up, since its last values are still asked for. */
    void close() {
        reader.close();
    }

    /** Sum over all subjects; 0 while there is no such counter. */
    public long sum(final ReplicationCounter counter) {
        final long[] sum = new long[1];
        reader.forEach((typeId, label, subject, value) -> sum[0] += typeId == counter.typeId() ? value : 0);
        return sum[0];
    }

    /** Smallest value over all subjects; {@code absent} while there is no such counter. */
    public long min(final ReplicationCounter counter, final long absent) {
        final long[] min = {Long.MAX_VALUE, 0};
        reader.forEach((typeId, label, subject, value) -> {
            if (typeId == counter.typeId()) {
                min[0] = Math.min(min[0], value);
                min[1]++;
            }
        });
        return min[1] == 0 ? absent : min[0];
    }

    /** How many subjects have this counter. */
    public int count(final ReplicationCounter counter) {
        final int[] count = new int[1];
        reader.forEach((typeId, label, subject, value) -> count[0] += typeId == counter.typeId() ? 1 : 0);
        return count[0];
    }

    /** The value for one subject, or {@code absent}. */
    public long of(final ReplicationCounter counter, final String subject, final long absent) {
        final long[] found = {absent};
        reader.forEach((typeId, label, of, value) -> {
            if (typeId == counter.typeId() && of.equals(subject)) {
                found[0] = value;
            }
        });
        return found[0];
    }

    /** All of the product's counters, one a line. */
    public String dump() {
        final TreeMap<String, Long> all = new TreeMap<>();
        reader.forEach((typeId, label, subject, value) -> {
            if (ReplicationCounter.byTypeId(typeId) != null) {
                all.put(label + " " + subject, value);
            }
        });
        final StringBuilder text = new StringBuilder();
        all.forEach((label, value) ->
                text.append("  ").append(label).append(" = ").append(value).append('\n'));
        return text.toString();
    }
}
