package org.farshore.dataplane.runtime;

import io.aeron.CncFileDescriptor;
import io.aeron.exceptions.AeronException;
import java.io.File;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.IoUtil;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.agrona.concurrent.errors.ErrorLogReader;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.status.CountersReader;

/**
 * Looks at the counters and the distinct errors of a role from outside, read-only; works on a living role and on what a
 * killed one left behind. One thread.
 */
public final class CounterReader implements AutoCloseable {
    /** Takes one counter. */
    @FunctionalInterface
    public interface CounterHandler {
        /**
         * One counter as it stands.
         *
         * @param typeId registered in {@link ReplicationCounter} from 1000 on; below is Aeron's.
         * @param label the registered label, or Aeron's whole text.
         * @param subject what it counts for; empty for the role as a whole.
         */
        void onCounter(int typeId, String label, String subject, long value);
    }

    /** Takes one distinct error. */
    @FunctionalInterface
    public interface ErrorReader {
        /** One cause: how often, when first and last (epoch ms), and its text with stack trace. */
        void onError(int count, long firstMs, long lastMs, String text);
    }

    private static final long HEARTBEAT_TIMEOUT_MS = 10_000;

    private final Path directory;
    private final MappedByteBuffer mapped;
    private final CountersReader counters;
    private final UnsafeBuffer metaData;

    private CounterReader(final Path directory, final MappedByteBuffer mapped) {
        this.directory = directory;
        this.mapped = mapped;
        this.metaData = CncFileDescriptor.createMetaDataBuffer(mapped);
        this.counters = new CountersReader(
                CncFileDescriptor.createCountersMetaDataBuffer(mapped, metaData),
                CncFileDescriptor.createCountersValuesBuffer(mapped, metaData),
                StandardCharsets.US_ASCII);
    }

    /**
     * Opens the directory of a role.
     *
     * @throws FarshoreException UNAVAILABLE when there is none, it is not complete yet, or is damaged; so do all readers.
     */
    public static CounterReader open(final Path directory) {
        final File file = directory.resolve(CncFileDescriptor.CNC_FILE).toFile();
        final long leastLength = CncFileDescriptor.META_DATA_LENGTH;
        if (!file.exists() || file.length() < leastLength) {
            throw new FarshoreException(ExitCode.UNAVAILABLE, "no role has its counters in " + directory);
        }
        final MappedByteBuffer mapped = IoUtil.mapExistingFile(file, MapMode.READ_ONLY, "counters");
        try {
            final UnsafeBuffer metaData = CncFileDescriptor.createMetaDataBuffer(mapped);
            final int version = metaData.getIntVolatile(CncFileDescriptor.cncVersionOffset(0));
            if (version == 0 || !CncFileDescriptor.isCncFileLengthSufficient(metaData, mapped.capacity())) {
                throw new FarshoreException(ExitCode.UNAVAILABLE, "the counters in " + directory + " are not ready");
            }
            CncFileDescriptor.checkVersion(version);
            return new CounterReader(directory, mapped);
        } catch (final FarshoreException e) {
            BufferUtil.free(mapped);
            throw e;
        } catch (final AeronException e) {
            BufferUtil.free(mapped);
            throw new FarshoreException(
                    ExitCode.UNAVAILABLE,
                    "the counters in " + directory + " are those of another version: " + e.getMessage(),
                    e);
        } catch (final RuntimeException e) {
            BufferUtil.free(mapped);
            throw damaged(directory, e);
        }
    }

    /** The file is not ours alone: another process writes it, and anybody may have put it there. */
    private static FarshoreException damaged(final Path directory, final RuntimeException cause) {
        return new FarshoreException(
                ExitCode.UNAVAILABLE,
                "the counters in " + directory + " are damaged (" + cause.getMessage()
                        + "): remove the directory, or start the role that it belongs to",
                cause);
    }

    /** Where the role keeps its counters. */
    public Path directory() {
        return directory;
    }

    /** Process id of the role that made the directory. */
    public long pid() {
        return CncFileDescriptor.pid(metaData);
    }

    /** When the role started, epoch milliseconds. */
    public long startedMs() {
        return CncFileDescriptor.startTimestampMs(metaData);
    }

    /** True while the process is there and its network engine has shown life in the last 10 s. */
    public boolean isAlive(final long epochMs) {
        try {
            final ManyToOneRingBuffer toDriver =
                    new ManyToOneRingBuffer(CncFileDescriptor.createToDriverBuffer(mapped, metaData));
            return isProcessAlive() && epochMs - toDriver.consumerHeartbeatTime() < HEARTBEAT_TIMEOUT_MS;
        } catch (final IllegalArgumentException | IllegalStateException | IndexOutOfBoundsException e) {
            throw damaged(directory, e);
        }
    }

    /** True when there is a process with this id, be it stopped; one that ended and was not waited for is gone. */
    public boolean isProcessAlive() {
        return ProcessHandle.of(pid()).map(ProcessHandle::isAlive).orElse(false) && !isZombie(pid());
    }

    private static boolean isZombie(final long pid) {
        try {
            final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            return stat.startsWith(" Z", stat.lastIndexOf(')') + 1);
        } catch (final IOException e) {
            return false;
        }
    }

    /** Hands every counter in use to {@code handler}. */
    public void forEach(final CounterHandler handler) {
        try {
            checkLabels();
            counters.forEach((final int counterId, final int typeId, final DirectBuffer key, final String text) -> {
                final ReplicationCounter descriptor = ReplicationCounter.byTypeId(typeId);
                final long value = counters.getCounterValue(counterId);
                if (descriptor == null) {
                    handler.onCounter(typeId, text, "", value);
                } else {
                    final int labelLength = descriptor.label().length();
                    final String subject = text.length() > labelLength ? text.substring(labelLength + 1) : "";
                    handler.onCounter(typeId, descriptor.label(), subject, value);
                }
            });
        } catch (final IllegalArgumentException | IndexOutOfBoundsException e) {
            throw damaged(directory, e);
        }
    }

    /** Agrona's reader takes as much memory as a label's length says before it looks whether the label is there. */
    private void checkLabels() {
        final AtomicBuffer labels = counters.metaDataBuffer();
        for (int at = 0;
                at + CountersReader.METADATA_LENGTH <= labels.capacity();
                at += CountersReader.METADATA_LENGTH) {
            final int state = labels.getIntVolatile(at);
            final int length = labels.getInt(at + CountersReader.LABEL_OFFSET);
            if (state == CountersReader.RECORD_UNUSED) {
                return;
            }
            if (state == CountersReader.RECORD_ALLOCATED && (length < 0 || length > CountersReader.MAX_LABEL_LENGTH)) {
                throw new IllegalArgumentException("a label of " + length + " bytes");
            }
        }
    }

    /** The same of errors: a record begins with its length. */
    private static void checkErrors(final AtomicBuffer errors) {
        int at = 0;
        while (at + DistinctErrorLog.ENCODED_ERROR_OFFSET <= errors.capacity()) {
            final int length = errors.getIntVolatile(at + DistinctErrorLog.LENGTH_OFFSET);
            if (length == 0) {
                return;
            }
            if (length < DistinctErrorLog.ENCODED_ERROR_OFFSET || length > errors.capacity() - at) {
                throw new IllegalArgumentException("an error of " + length + " bytes");
            }
            at += BitUtil.align(length, DistinctErrorLog.RECORD_ALIGNMENT);
        }
    }

    /** Hands every distinct error to {@code reader}; returns how many. */
    public int readErrors(final ErrorReader reader) {
        try {
            final UnsafeBuffer errors = CncFileDescriptor.createErrorLogBuffer(mapped, metaData);
            checkErrors(errors);
            return ErrorLogReader.read(errors, reader::onError);
        } catch (final IllegalArgumentException | IndexOutOfBoundsException e) {
            throw damaged(directory, e);
        }
    }

    @Override
    public void close() {
        BufferUtil.free(mapped);
    }
}
