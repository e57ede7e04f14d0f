package org.farshore.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SystemClocks;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal on a file system of this machine, all threads in one. */
class JournalOnDiskTest {
    private static final int SEGMENT_LENGTH = 4 << 20;
    private static final int BODY_LENGTH = 60_000;

    @TempDir
    private Path directory;

    private final SystemClocks clocks = new SystemClocks();
    private final BlockFiles files = new ChannelBlockFiles();
    private final UnsafeBuffer body = new UnsafeBuffer(new byte[BODY_LENGTH]);
    private Journal journal;
    private long sequence;

    @BeforeEach
    void open() throws IOException {
        final Path probe = directory.resolve("probe");
        files.open(probe, BlockFiles.Mode.WRITE).close();
        boolean direct = true;
        try {
            files.open(probe, BlockFiles.Mode.READ_DIRECT).close();
        } catch (final IOException | UnsupportedOperationException e) {
            direct = false;
        }
        assumeTrue(direct, directory + " lies on a file system without direct I/O");
        openJournal();
    }

    private void openJournal() {
        final JournalContext context = new JournalContext()
                .files(files)
                .directory(directory.resolve("journal"))
                .clocks(clocks)
                .entropy(new SeededEntropy(clocks.nanoTime()))
                .counters(new HeapCounters(), "disk")
                .machineId(1, 2)
                .segmentLength(SEGMENT_LENGTH)
                .limit(4L * SEGMENT_LENGTH)
                .conclude();
        journal = JournalRecovery.open(
                context, StreamState.initial(1, 2, SEGMENT_LENGTH), (position, frame, buffer, offset, length) -> true);
    }

    private void work() {
        journal.writer().doWork(clocks.nanoTime());
        journal.committer().doWork(clocks.nanoTime());
        journal.writer().doWork(clocks.nanoTime());
    }

    private void append() {
        while (journal.writer()
                        .append(
                                JournalFrameFlyweight.TYPE_STREAM,
                                1,
                                1,
                                sequence + 1,
                                1,
                                sequence + 1,
                                0,
                                0,
                                body,
                                0,
                                BODY_LENGTH)
                < 0) {
            work();
        }
        sequence++;
    }

    private void settle() {
        journal.writer().closeGroup();
        while (!journal.writer().isAllDurable()) {
            work();
        }
    }

    @Test
    void whatWasWrittenIsReadAndRecovered() {
        for (int i = 0; i < 100; i++) {
            append();
        }
        settle();
        final long[] read = new long[1];
        try (JournalReader reader = journal.newReader(journal.recovered().beginPosition())) {
            while (reader.poll(
                            (position, frame, buffer, offset, length) -> {
                                read[0]++;
                                return true;
                            },
                            journal.committer().durablePosition(),
                            10)
                    > 0) {
                assertThat(reader.position())
                        .isLessThanOrEqualTo(journal.committer().durablePosition());
            }
        }
        assertThat(read[0]).isEqualTo(100);
        final long end = journal.committer().durablePosition();
        openJournal();
        assertThat(journal.recovered().endPosition()).isEqualTo(end);
        assertThat(journal.recovered().endSequence()).isEqualTo(100);
        assertThat(journal.recovered().damages()).isEmpty();
    }

    @Test
    void appendingAndReadingWithinASegmentAllocateNothing() {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long[] read = new long[1];
        final JournalFrameHandler handler = (position, frame, buffer, offset, length) -> {
            read[0]++;
            return true;
        };
        try (JournalReader reader = journal.newReader(journal.recovered().beginPosition())) {
            round(reader, handler, 30);
            final long before = threads.getCurrentThreadAllocatedBytes();
            round(reader, handler, 20);
            final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(read[0]).isEqualTo(50);
            assertThat(allocated).isLessThan(1_000);
        }
    }

    private void round(final JournalReader reader, final JournalFrameHandler handler, final int records) {
        for (int i = 0; i < records; i++) {
            append();
            settle();
            reader.poll(handler, journal.committer().durablePosition(), 10);
        }
    }
}
