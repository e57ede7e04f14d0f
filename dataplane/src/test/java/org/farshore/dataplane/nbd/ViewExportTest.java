package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.farshore.dataplane.recover.DecodedFrames;
import org.farshore.dataplane.recover.FrameMemory;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.Versions;
import org.farshore.dataplane.recover.ViewLeases;
import org.farshore.dataplane.recover.ViewOverlay;
import org.farshore.dataplane.recover.ViewPieces;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ViewExportTest {
    private static final int SIZE = 16 * 4096;
    private static final Path DIRECTORY = Path.of("/views");
    private static final Path BASE = DIRECTORY.resolve("base");

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final HeapCounters counters = new HeapCounters();
    private final NbdOutcome outcome = new NbdOutcome();
    private final byte[] content = new byte[SIZE];
    private NbdExport export;

    /** A volume without any version. */
    private static final class NoVersions implements Versions {
        @Override
        public void find(final long offset, final long length, final ViewPieces pieces) {
            pieces.onBase(offset, length);
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    @BeforeEach
    void begin() throws IOException {
        disk.createDirectories(DIRECTORY);
        new Random(1).nextBytes(content);
        try (BlockFile file = disk.open(BASE, BlockFiles.Mode.WRITE)) {
            file.write(ByteBuffer.wrap(content), 0);
        }
        export = new ViewExport(view(ViewOverlay.create(disk, DIRECTORY, "v", SIZE, new SeededEntropy(1))));
    }

    private RecoveryView view(final ViewOverlay overlay) throws IOException {
        return new RecoveryView(
                "volume v at 14:03:17",
                SIZE,
                disk.open(BASE, BlockFiles.Mode.READ),
                NoVersions::new,
                new DecodedFrames(
                        () -> null,
                        new FrameMemory(0),
                        counters.newCounter(ReplicationCounter.VIEW_FRAME_HITS, ""),
                        counters.newCounter(ReplicationCounter.VIEW_FRAMES_DECODED, "")),
                overlay,
                new ViewLeases(0).hold(0, "test"),
                counters.newCounter(ReplicationCounter.VIEW_READ_ERRORS, ""),
                counters.newCounter(ReplicationCounter.VIEWS_FULL, ""));
    }

    @Test
    void whatOneConnectionWritesAllOthersReadAndOneFlushKeeps() throws IOException {
        final byte[] written = "written".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        try (NbdAccess one = export.open();
                NbdAccess other = export.open()) {
            one.write(5000, ByteBuffer.wrap(written), outcome);
            one.trim(8192, 4096, outcome);
            one.writeZeroes(16384, 4096, false, outcome);
            other.flush(outcome);
            assertThat(outcome.isGood()).isTrue();
        }
        disk.restart(SimulatedDisk.Survival.NONE);
        disk.createDirectories(DIRECTORY);
        try (BlockFile file = disk.open(BASE, BlockFiles.Mode.WRITE)) {
            file.write(ByteBuffer.wrap(content), 0);
        }
        System.arraycopy(written, 0, content, 5000, written.length);
        java.util.Arrays.fill(content, 8192, 12288, (byte) 0);
        java.util.Arrays.fill(content, 16384, 20480, (byte) 0);
        final NbdExport again = new ViewExport(view(ViewOverlay.open(disk, DIRECTORY, "v", SIZE)));
        try (NbdAccess access = again.open()) {
            final ByteBuffer found = ByteBuffer.allocate(SIZE);
            access.read(0, found, outcome);
            assertThat(outcome.isGood()).isTrue();
            assertThat(found.array()).isEqualTo(content);
            final NbdExtents extents = new NbdExtents(8);
            extents.begin(SIZE, 8);
            access.blockStatus(0, SIZE, extents, outcome);
            assertThat(extents.count()).isEqualTo(3);
            assertThat(extents.length(1)).isEqualTo(4096);
            assertThat(extents.state(1)).isEqualTo(NbdExtents.HOLE | NbdExtents.ZERO);
        }
    }

    @Test
    void aFullDiskIsEnospcAndDamagedBitsAreEioInsideTheRange() throws IOException {
        try (NbdAccess access = export.open()) {
            access.write(0, ByteBuffer.wrap(new byte[4096]), outcome);
            access.flush(outcome);
            assertThat(outcome.isGood()).isTrue();
            disk.capacity(0);
            access.write(20480, ByteBuffer.wrap(new byte[4096]), outcome);
            assertThat(outcome.error()).isEqualTo(NbdError.ENOSPC);
            assertThat(outcome.offset()).isEqualTo(20480);
        }
        for (int copy = 0; copy < 3; copy++) {
            disk.flip(DIRECTORY.resolve("v.present"), (2 + copy) * 4096L + 80, 1);
        }
        final NbdExport again = new ViewExport(view(ViewOverlay.open(disk, DIRECTORY, "v", SIZE)));
        try (NbdAccess access = again.open()) {
            outcome.reset();
            access.read(12288, ByteBuffer.allocate(512), outcome);
            assertThat(outcome.error()).isEqualTo(NbdError.EIO);
            assertThat(outcome.offset()).isEqualTo(12288);
            assertThat(outcome.message()).contains("damaged");
        }
    }
}
