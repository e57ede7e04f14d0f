package org.farshore.dataplane.index;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int FRAMES = 300;

    /** Counts pieces, and nothing else. */
    private static final class Counter implements PieceHandler {
        private long count;

        @Override
        public void onBase(final long offset, final long length) {
            count++;
        }

        @Override
        public void onZero(final long offset, final long length) {
            count++;
        }

        @Override
        public void onJournal(
                final long offset, final long length, final long journalPosition, final int payloadOffset) {
            count++;
        }
    }

    private final Random random = new Random(5);

    private void send(final IndexRig rig) {
        for (int frame = 0; frame < FRAMES; frame++) {
            final List<Extent> extents = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                extents.add(IndexRig.zero(1, 512L * random.nextInt(1 << 16), 512L * (1 + random.nextInt(16))));
            }
            rig.send(extents);
        }
        rig.settle();
    }

    @Test
    void neitherAppendingNorLookingAllocates(@TempDir final Path directory) {
        final IndexRig rig = new IndexRig(5, directory);
        rig.pagesPerFile = VersionIds.PAGES_PER_FILE_MAX;
        rig.open().connect();
        for (int i = 0; i < 2; i++) {
            send(rig);
            rig.follow();
        }
        send(rig);
        final long versionsBefore = rig.index.liveVersions();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        while (rig.index.doWork(0) > 0) {
            // Until it is level.
        }
        final long appending = THREADS.getCurrentThreadAllocatedBytes() - before;
        final long versions = rig.index.liveVersions() - versionsBefore;

        final Counter counter = new Counter();
        final long newest = rig.reader.newestMoment();
        rig.reader.read(1, 0, 1 << 20, newest, counter);
        before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 100; i++) {
            rig.reader.read(1, 4096L * i, 1 << 16, newest - 300L * i, counter);
        }
        final long looking = THREADS.getCurrentThreadAllocatedBytes() - before;
        rig.close();

        System.out.printf(
                "%,d versions: %,d bytes of heap; %,d pieces: %,d bytes%n",
                versions, appending, counter.count, looking);
        assertThat(versions).isGreaterThan(FRAMES * 100L);
        assertThat(appending / versions).as("bytes per version").isZero();
        assertThat(looking).as("bytes for reading").isLessThan(4096);
    }
}
