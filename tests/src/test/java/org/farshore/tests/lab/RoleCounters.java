package org.farshore.tests.lab;

import static io.aeron.CncFileDescriptor.CNC_FILE;

import io.aeron.CncFileDescriptor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.CountersReader;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * The counters of one life of a role. The mapping outlives the process and even the file, so the last values of a killed
 * role can still be read.
 */
public final class RoleCounters {
    private final CountersReader reader;

    private RoleCounters(final CountersReader reader) {
        this.reader = reader;
    }

    /** The counters in an Aeron directory, or null while it has none that are complete. */
    static RoleCounters tryOpen(final Path aeronDirectory) {
        final Path file = aeronDirectory.resolve(CNC_FILE);
        if (!Files.exists(file)) {
            return null;
        }
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "r");
                FileChannel channel = access.getChannel()) {
            if (channel.size() < CncFileDescriptor.META_DATA_LENGTH) {
                return null;
            }
            final MappedByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            final DirectBuffer meta = CncFileDescriptor.createMetaDataBuffer(bytes);
            if (meta.getInt(CncFileDescriptor.cncVersionOffset(0)) != CncFileDescriptor.CNC_VERSION) {
                return null;
            }
            return new RoleCounters(new CountersReader(
                    CncFileDescriptor.createCountersMetaDataBuffer(bytes, meta),
                    CncFileDescriptor.createCountersValuesBuffer(bytes, meta)));
        } catch (final IOException | IllegalStateException e) {
            return null;
        }
    }

    /** Sum over all subjects; 0 while there is no such counter. */
    public long sum(final ReplicationCounter counter) {
        final long[] sum = new long[1];
        reader.forEach(
                (id, typeId, key, label) -> sum[0] += typeId == counter.typeId() ? reader.getCounterValue(id) : 0);
        return sum[0];
    }

    /** Smallest value over all subjects; {@code absent} while there is no such counter. */
    public long min(final ReplicationCounter counter, final long absent) {
        final long[] min = {Long.MAX_VALUE, 0};
        reader.forEach((id, typeId, key, label) -> {
            if (typeId == counter.typeId()) {
                min[0] = Math.min(min[0], reader.getCounterValue(id));
                min[1]++;
            }
        });
        return min[1] == 0 ? absent : min[0];
    }

    /** How many subjects have this counter. */
    public int count(final ReplicationCounter counter) {
        final int[] count = new int[1];
        reader.forEach((id, typeId, key, label) -> count[0] += typeId == counter.typeId() ? 1 : 0);
        return count[0];
    }

    /** The value for the subject that ends the label, or {@code absent}. */
    public long of(final ReplicationCounter counter, final String subject, final long absent) {
        final long[] value = {absent};
        reader.forEach((id, typeId, key, label) -> {
            if (typeId == counter.typeId() && label.endsWith(" " + subject)) {
                value[0] = reader.getCounterValue(id);
            }
        });
        return value[0];
    }

    /** All of the product's counters, one a line. */
    public String dump() {
        final TreeMap<String, Long> all = new TreeMap<>();
        reader.forEach((id, typeId, key, label) -> {
            if (ReplicationCounter.byTypeId(typeId) != null) {
                all.put(label, reader.getCounterValue(id));
            }
        });
        final StringBuilder text = new StringBuilder();
        all.forEach((label, value) ->
                text.append("  ").append(label).append(" = ").append(value).append('\n'));
        return text.toString();
    }
}
