package org.farshore.dataplane.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a version costs, in time and bytes, and what a start costs; printed. Bytes and steps are asserted, times are not. A
 * million versions of each kind as an ordinary test, ten million by {@code ./farshore test --long version-index}.
 */
class IndexMeasureTest {
    private static final int SEGMENT_LENGTH = 64 << 20;
    private static final long BLOCKS = 1 << 28;
    private static final int LOOKUPS = 200_000;
    /** Header of a frame, batch header and extent, for one write of 4 KiB. */
    private static final int FRAME_LENGTH = 4096 + 64;

    private interface Workload {
        long block(long i, Random random);
    }

    private static long cpuNs() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    @Test
    void millionVersions(@TempDir final Path directory) throws IOException {
        measureAll(directory, 1_000_000);
    }

    @Test
    @Tag("slow")
    void tenMillionVersions(@TempDir final Path directory) throws IOException {
        measureAll(directory, 10_000_000);
    }

    private void measureAll(final Path directory, final int count) throws IOException {
        measure(directory.resolve("warm"), "warm-up", 300_000, (i, random) -> random.nextLong() & (BLOCKS - 1));
        measure(directory.resolve("sequential"), "sequential", count, (i, random) -> i & (BLOCKS - 1));
        measure(directory.resolve("uniform"), "uniform", count, (i, random) -> random.nextLong() & (BLOCKS - 1));
        measure(
                directory.resolve("hot"),
                "one in ten hot",
                count,
                (i, random) -> i % 10 == 0 ? 12_345 : random.nextLong() & (BLOCKS - 1));
    }

    private void measure(final Path stream, final String name, final int count, final Workload workload)
            throws IOException {
        final IndexRig rig = new IndexRig(1, stream);
        rig.open();
        final Path directory = stream.resolve("measured");
        final VersionIndexContext context = new VersionIndexContext()
                .files(new ChannelBlockFiles()).directory(directory).stream(1, 2, SEGMENT_LENGTH)
                        .frames(Long.MAX_VALUE, rig.journal::newReader, () -> 0)
                        .conclude();
        final long bytes = append(context, name, count, workload);
        assertThat(bytes * 100.0 / count / 4096).as("percent of 4 KiB").isLessThan(1);
        load(context, name, count);
        rig.close();
    }

    private long append(final VersionIndexContext context, final String name, final int count, final Workload workload)
            throws IOException {
        context.files().createDirectories(context.directory());
        final ReaderEpochs epochs = new ReaderEpochs();
        final VersionFiles files = new VersionFiles(
                context.files(), context.directory(), epochs, context.pagesPerFile(), context.residentFiles());
        final Versions versions = new Versions(files, epochs, context.stream());
        final VersionAppender appender = new VersionAppender(versions, new SegmentMarks(SEGMENT_LENGTH));
        appender.beginEmpty(1);
        final VolumeVersions volume = versions.findOrAdd(1);
        final Random random = new Random(3);
        final long begun = cpuNs();
        for (int i = 0; i < count; i++) {
            final long position = SEGMENT_LENGTH + 4096 + (long) i * FRAME_LENGTH;
            appender.block(volume, position, 0, VersionEntryFlyweight.KIND_WRITE, workload.block(i, random), 0xFF, 0);
        }
        final long took = cpuNs() - begun;
        appender.sync();
        final CheckpointFile checkpoint = new CheckpointFile(context.files(), context.directory());
        checkpoint.open();
        checkpoint.store(context, versions.newest(), SEGMENT_LENGTH + 4096 + (long) count * FRAME_LENGTH, 1);
        checkpoint.close();
        final long pages = (versions.newest() - VersionIds.of(1, 0)) / VersionIds.SLOTS_PER_PAGE + 1;
        final long bytes = pages * VersionIds.PAGE_LENGTH;
        System.out.printf(
                Locale.ROOT,
                "%-15s %,11d versions  append %4.0f ns  %.2f bytes each = %.2f %% of 4 KiB  map %,d KiB for %,d blocks%n",
                name,
                count,
                (double) took / count,
                (double) bytes / count,
                100.0 * bytes / count / 4096,
                versions.mapBytes() >> 10,
                volume.blocks().keys());
        versions.retireAll();
        appender.close();
        epochs.reclaim();
        return bytes;
    }

    private void load(final VersionIndexContext context, final String name, final int count) {
        final long begun = System.nanoTime();
        final long cpuBegun = cpuNs();
        try (VersionIndex index = new VersionIndex(context)) {
            while (!index.isReady()) {
                index.doWork(System.nanoTime());
            }
            final long loadMs = (System.nanoTime() - begun) / 1_000_000;
            assertThat(index.liveVersions()).isEqualTo(count);
            look(index, name, loadMs, (cpuNs() - cpuBegun) / 1_000_000);
        }
    }

    private void look(final VersionIndex index, final String name, final long loadMs, final long loadCpuMs) {
        final Random random = new Random(4);
        final Random blocks = new Random(3);
        final long newest = index.versions().newest();
        final long first = index.versions().horizon();
        try (VersionReader reader = index.newReader()) {
            long worst = 0;
            long found = 0;
            final long begun = cpuNs();
            for (int i = 0; i < LOOKUPS; i++) {
                final boolean hot = name.contains("hot") && i % 2 == 0;
                final long block = hot ? 12_345 : blocks.nextLong() & (BLOCKS - 1);
                final long moment = first + (long) (random.nextDouble() * (newest - first));
                final long before = reader.steps();
                found += reader.versionAt(1, block, moment) == VersionIds.NONE ? 0 : 1;
                worst = Math.max(worst, reader.steps() - before);
            }
            final double lookupNs = (double) (cpuNs() - begun) / LOOKUPS;
            System.out.printf(
                    Locale.ROOT,
                    "%-15s loaded in %,d ms (CPU %,d ms)  lookup %4.0f ns, %.1f steps, at most %d, %d pages from disk  memory %,d MiB  (%,d found)%n",
                    name,
                    loadMs,
                    loadCpuMs,
                    lookupNs,
                    (double) reader.steps() / LOOKUPS,
                    worst,
                    reader.pagesRead(),
                    index.memoryBytes() >> 20,
                    found);
            assertThat(worst).isLessThanOrEqualTo((long) (3 * Math.log(newest - first) / Math.log(2) + 8));
        }
    }
}
