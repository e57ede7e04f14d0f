package org.farshore.tests.fuzz;

import io.aeron.CncFileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.agrona.concurrent.status.CountersManager;
import org.farshore.dataplane.runtime.CounterReader;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** The counter file of a role, as {@code farshore stat} opens whatever lies in the directory it is told. */
public final class CountersFuzz {
    private static final int TO_DRIVER_LENGTH = 1024 + RingBufferDescriptor.TRAILER_LENGTH;
    private static final int TO_CLIENTS_LENGTH = 1024;
    private static final int VALUES_LENGTH = 8 << 10;
    private static final int LABELS_LENGTH = 4 * VALUES_LENGTH;
    private static final int ERRORS_LENGTH = 4 << 10;
    private static final Path DIRECTORY = temporary();
    private static final Path FILE = DIRECTORY.resolve(CncFileDescriptor.CNC_FILE);
    private static final Map<Path, byte[]> IMAGE = Map.of(FILE, image());

    private CountersFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final Map<Path, byte[]> files = new TreeMap<>(IMAGE);
        files.replaceAll((path, bytes) -> bytes.clone());
        Edits.apply(input, files);
        try {
            Files.write(FILE, files.get(FILE));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        try (CounterReader reader = CounterReader.open(DIRECTORY)) {
            reader.pid();
            reader.startedMs();
            reader.isAlive(0);
            reader.forEach((typeId, label, subject, value) ->
                    RecordMessageFuzz.require(label != null && subject != null, "no label"));
            reader.readErrors((count, firstMs, lastMs, text) -> RecordMessageFuzz.require(text != null, "no text"));
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(e.getMessage().contains(DIRECTORY.toString()), e.getMessage());
        }
    }

    static List<byte[]> seeds() {
        return Edits.seeds(1);
    }

    private static byte[] image() {
        final int data = TO_DRIVER_LENGTH + TO_CLIENTS_LENGTH + LABELS_LENGTH + VALUES_LENGTH + ERRORS_LENGTH;
        final ByteBuffer file = ByteBuffer.allocateDirect(CncFileDescriptor.computeCncFileLength(data, 4096));
        final UnsafeBuffer metaData = CncFileDescriptor.createMetaDataBuffer(file);
        CncFileDescriptor.fillMetaData(
                metaData,
                TO_DRIVER_LENGTH,
                TO_CLIENTS_LENGTH,
                LABELS_LENGTH,
                VALUES_LENGTH,
                1,
                ERRORS_LENGTH,
                1,
                ProcessHandle.current().pid(),
                4096);
        final CountersManager counters = new CountersManager(
                CncFileDescriptor.createCountersMetaDataBuffer(file, metaData),
                CncFileDescriptor.createCountersValuesBuffer(file, metaData),
                StandardCharsets.US_ASCII);
        for (final ReplicationCounter counter : List.of(ReplicationCounter.ROLE_PID, ReplicationCounter.MALFORMED)) {
            counters.setCounterValue(counters.allocate(counter.label() + " agent", counter.typeId()), 7);
        }
        new DistinctErrorLog(CncFileDescriptor.createErrorLogBuffer(file, metaData), SystemEpochClock.INSTANCE)
                .record(new IllegalStateException("kept"));
        CncFileDescriptor.signalCncReady(metaData);
        final byte[] bytes = new byte[file.capacity()];
        file.get(0, bytes);
        return bytes;
    }

    private static Path temporary() {
        try {
            final Path shm = Path.of("/dev/shm");
            final Path made = Files.isWritable(shm)
                    ? Files.createTempDirectory(shm, "farshore-fuzz")
                    : Files.createTempDirectory("farshore-fuzz");
            made.toFile().deleteOnExit();
            made.resolve(CncFileDescriptor.CNC_FILE).toFile().deleteOnExit();
            return made;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
