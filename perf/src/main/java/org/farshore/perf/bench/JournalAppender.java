package org.farshore.perf.bench;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalCommitAgent;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalRecovery;
import org.farshore.dataplane.journal.JournalWriter;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;

/**
 * The product's journal: writer and committer as the master target has them, but in one thread, so that what is
 * compared is the work and not how two threads share two cores. Segments are reused as soon as they are durable.
 */
final class JournalAppender implements GroupAppender {
    private static final int SEGMENT_LENGTH = 64 << 20;
    private static final long LIMIT = 512L << 20;
    private static final int COUNTERS_LENGTH = 64 << 10;

    private final Clocks clocks = new SystemClocks();
    private final Journal journal;
    private final JournalWriter writer;
    private final JournalCommitAgent committer = new JournalCommitAgent(clocks);
    private long sequence = 1;

    JournalAppender(final Path directory) {
        final CountersManager counters = new CountersManager(
                new UnsafeBuffer(ByteBuffer.allocateDirect(4 * COUNTERS_LENGTH)),
                new UnsafeBuffer(ByteBuffer.allocateDirect(COUNTERS_LENGTH)));
        final JournalContext context = new JournalContext()
                .files(new ChannelBlockFiles())
                .directory(directory.resolve("journal"))
                .clocks(clocks)
                .entropy(new SystemEntropy())
                .counters((descriptor, subject) -> newCounter(counters, descriptor), "benchmark")
                .machineId(1, 2)
                .segmentLength(SEGMENT_LENGTH)
                .limit(LIMIT)
                .conclude();
        journal = JournalRecovery.open(
                context, StreamState.initial(1, 2, SEGMENT_LENGTH), (position, frame, buffer, offset, length) -> true);
        writer = journal.writer();
        committer.add(journal.committer());
        writeAllSegmentsOnce();
    }

    private static AtomicCounter newCounter(final CountersManager counters, final ReplicationCounter descriptor) {
        return counters.newCounter(descriptor.label());
    }

    /** Files are made in full when they are first used; what is measured is the use afterwards. */
    private void writeAllSegmentsOnce() {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[JournalAppendBenchmark.LENGTH_MAX]);
        for (long written = 0; written < LIMIT; written += JournalAppendBenchmark.GROUP_LENGTH) {
            for (int i = 0; i < JournalAppendBenchmark.GROUP_LENGTH / bytes.capacity(); i++) {
                append(bytes, 0, bytes.capacity());
            }
            sync(written < LIMIT / 2);
        }
        sync();
    }

    @Override
    public void append(final DirectBuffer source, final int offset, final int length) {
        while (writer.append(
                        JournalFrameFlyweight.TYPE_STREAM,
                        1,
                        1,
                        sequence,
                        1,
                        sequence,
                        sequence,
                        0,
                        source,
                        offset,
                        length)
                == JournalWriter.BACK_PRESSURED) {
            turn();
        }
        sequence++;
    }

    @Override
    public void sync() {
        sync(false);
    }

    private void sync(final boolean keep) {
        writer.closeGroup();
        while (!writer.isAllDurable()) {
            turn();
        }
        if (!keep) {
            journal.committer().recycleBelow(writer.durablePosition());
        }
    }

    private void turn() {
        committer.doWork();
        writer.doWork(clocks.nanoTime());
    }

    @Override
    public void close() {
        committer.onClose();
    }
}
