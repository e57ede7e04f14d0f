package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.aeron.CncFileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.agrona.concurrent.status.CountersManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoleSamplerTest {
    private static final int TO_DRIVER_LENGTH = 4096 + 768;
    private static final int TO_CLIENTS_LENGTH = 4096 + 128;
    private static final int VALUES_LENGTH = 64 * 1024;
    private static final int ERRORS_LENGTH = 64 * 1024;

    @TempDir
    private Path parent;

    @Test
    void shouldFindTheDirectoriesOfRolesOnly() throws IOException {
        Files.createDirectory(parent.resolve("farshore-agent-demo-1"));
        Files.createDirectory(parent.resolve("farshore-master-target-0"));
        Files.createDirectory(parent.resolve("aeron-root"));
        Files.createFile(parent.resolve("farshore-agent-file"));

        assertThat(RoleSampler.directories(parent))
                .containsExactly(parent.resolve("farshore-agent-demo-1"), parent.resolve("farshore-master-target-0"));
        assertThat(RoleSampler.directories(parent.resolve("missing"))).isEmpty();
    }

    @Test
    void shouldReadCountersWithTheirSubjectsAndDistinctErrors() throws IOException {
        final Path directory = Files.createDirectory(parent.resolve("farshore-agent-demo-1"));
        write(directory, ProcessHandle.current().pid());

        final RoleSample sample = RoleSampler.read(directory);

        assertThat(sample.role()).isEqualTo("agent");
        assertThat(sample.instance()).isEqualTo("demo-1");
        assertThat(sample.value(ReplicationCounter.VOLUME_SIZE, "data")).isEqualTo(4096);
        assertThat(sample.sum(ReplicationCounter.SENT_BYTES)).isEqualTo(7);
        assertThat(sample.volumes()).isEmpty();
        assertThat(sample.faults()).hasSize(1);
        assertThat(sample.faults().get(0).headline()).contains("disk on fire");
    }

    @Test
    void shouldTellADeadProcessByItsId() throws IOException {
        final Path directory = Files.createDirectory(parent.resolve("farshore-agent-x"));
        write(directory, 1L << 40);

        assertThat(RoleSampler.read(directory).life()).isEqualTo(RoleSample.Life.DEAD);
    }

    @Test
    void shouldFindNothingInADirectoryThatIsNotReady() throws IOException {
        Files.write(parent.resolve(CncFileDescriptor.CNC_FILE), new byte[8192]);

        assertThat(RoleSampler.read(parent)).isNull();
        assertThat(RoleSampler.read(parent.resolve("missing"))).isNull();
    }

    private static void write(final Path directory, final long pid) throws IOException {
        final int metaDataLength = 4 * VALUES_LENGTH;
        final int total = CncFileDescriptor.computeCncFileLength(
                TO_DRIVER_LENGTH + TO_CLIENTS_LENGTH + metaDataLength + VALUES_LENGTH + ERRORS_LENGTH, 4096);
        final ByteBuffer bytes = ByteBuffer.allocateDirect(total).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        final UnsafeBuffer metaData = CncFileDescriptor.createMetaDataBuffer(bytes);
        CncFileDescriptor.fillMetaData(
                metaData,
                TO_DRIVER_LENGTH,
                TO_CLIENTS_LENGTH,
                metaDataLength,
                VALUES_LENGTH,
                0,
                ERRORS_LENGTH,
                0,
                pid,
                4096);
        CncFileDescriptor.signalCncReady(metaData);
        final CountersManager counters = new CountersManager(
                CncFileDescriptor.createCountersMetaDataBuffer(bytes, metaData),
                CncFileDescriptor.createCountersValuesBuffer(bytes, metaData));
        counters.newCounter("volume.size.bytes data", ReplicationCounter.VOLUME_SIZE.typeId())
                .set(4096);
        counters.newCounter("sent.bytes", ReplicationCounter.SENT_BYTES.typeId())
                .set(7);
        counters.newCounter("Bytes sent", 0).set(9);
        new DistinctErrorLog(CncFileDescriptor.createErrorLogBuffer(bytes, metaData), () -> 1)
                .record(new IOException("disk on fire"));
        final byte[] content = new byte[total];
        bytes.get(0, content);
        Files.write(directory.resolve(CncFileDescriptor.CNC_FILE), content);
    }
}
