package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ViewOverlayTest {
    private static final int LENGTH = 24 * 4096;
    private static final int FIRST_COPY = 2 * 4096;

    private final SimulatedDisk disk = new SimulatedDisk(1);

    private OverlayRig rig(final long seed) throws ViewException {
        disk.createDirectories(OverlayRig.DIRECTORY);
        final OverlayRig rig = new OverlayRig(disk, seed, LENGTH);
        rig.create();
        return rig;
    }

    @Test
    void aFlushThatChangesNoBitIsOneSync() throws ViewException {
        final OverlayRig rig = rig(1);
        rig.write(4096, new byte[8192]);
        rig.flush();
        rig.flush();
        final long before = disk.operations();
        rig.write(4096, new byte[8192]);
        rig.flush();
        assertThat(disk.operations() - before).isEqualTo(2);
    }

    @Test
    void aSyncThatFailsStopsTheOverlayForGood() throws ViewException {
        for (int failing = 2; failing <= 6; failing++) {
            final OverlayRig rig = rig(1);
            rig.write(0, new byte[4096]);
            rig.flush();
            rig.write(4096, new byte[4096]);
            disk.failOperation(disk.operations() + (failing < 4 ? 1 : 4));
            assertThatThrownBy(rig::flush).isInstanceOf(ViewException.class);
            assertThat(rig.overlay.isStopped()).isTrue();
            assertThatThrownBy(rig::flush).hasMessageContaining("has failed before");
            assertThatThrownBy(() -> rig.overlay.state(0)).hasMessageContaining("has failed before");
            assertThatThrownBy(() -> rig.write(0, new byte[512])).hasMessageContaining("has failed before");
            disk.restart(SimulatedDisk.Survival.RANDOM);
            rig.open();
            assertThat(rig.model.firstWrong(rig.read())).isEqualTo(-1);
        }
    }

    /** The page cache of the machine outlives the role, and shows what the failed sync has lost. */
    @Test
    void whatAFailedSyncLostIsNotShownAsDurableByTheNextLife() throws ViewException {
        for (int seed = 1; seed <= 40; seed++) {
            final SimulatedDisk disk = new SimulatedDisk(seed);
            disk.createDirectories(OverlayRig.DIRECTORY);
            final OverlayRig rig = new OverlayRig(disk, seed, LENGTH);
            rig.create();
            rig.write(0, filled(1));
            rig.flush();
            rig.write(0, filled(2));
            rig.write(8 * 4096, filled(3));
            disk.failOperation(disk.operations() + 1);
            assertThatThrownBy(rig::flush).isInstanceOf(ViewException.class);
            rig.open();
            final byte[] shown = rig.read();
            assertThat(rig.model.firstWrong(shown)).isEqualTo(-1);
            rig.overlay.write(16 * 4096, ByteBuffer.wrap(filled(4)), rig.model::read);
            System.arraycopy(filled(4), 0, shown, 16 * 4096, 4096);
            rig.overlay.flush();
            disk.restart(SimulatedDisk.Survival.NONE);
            rig.open();
            assertThat(rig.read()).as("seed %d", seed).isEqualTo(shown);
        }
    }

    private static byte[] filled(final int value) {
        final byte[] bytes = new byte[4096];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void aFullDiskIsSaidAndDoesNoHarm() throws ViewException {
        final OverlayRig rig = rig(3);
        rig.write(0, new byte[8192]);
        rig.flush();
        final byte[] before = rig.model.now().clone();
        disk.capacity(disk.lengthOf(OverlayRig.PRESENT) + 8192);
        final ViewException full = catchThrowableOfType(
                () -> rig.overlay.write(16384, ByteBuffer.wrap(new byte[4096]), rig.model::read), ViewException.class);
        assertThat(full.reason()).isEqualTo(ViewException.Cause.DISK_FULL);
        assertThat(full.offset()).isEqualTo(16384);
        assertThat(rig.read()).isEqualTo(before);
        rig.flush();
        disk.capacity(Long.MAX_VALUE);
        rig.write(16384, new byte[4096]);
        rig.flush();
        disk.restart(SimulatedDisk.Survival.NONE);
        rig.open();
        assertThat(rig.read()).isEqualTo(rig.model.now());
    }

    @Test
    void anyOneFlippedByteOfThePresenceFileIsPutRightOrNamed() throws ViewException {
        final OverlayRig rig = rig(4);
        for (int i = 0; i < 200; i++) {
            rig.step();
        }
        rig.flush();
        final Random random = new Random(5);
        for (int i = 0; i < 1000; i++) {
            final long at = random.nextInt((int) disk.lengthOf(OverlayRig.PRESENT));
            final int mask = 1 << random.nextInt(8);
            disk.flip(OverlayRig.PRESENT, at, mask);
            rig.open();
            assertThat(rig.read()).as("flip of %02x at %d", mask, at).isEqualTo(rig.model.now());
            disk.flip(OverlayRig.PRESENT, at, mask);
        }
    }

    @Test
    void bitsWithoutAWholeCopyAreAnErrorForTheirRange() throws ViewException {
        final OverlayRig rig = rig(6);
        for (int i = 0; i < 4; i++) {
            rig.write(i * 4096, new byte[4096]);
            rig.flush();
        }
        for (int copy = 0; copy < 3; copy++) {
            disk.flip(OverlayRig.PRESENT, FIRST_COPY + copy * 4096L + 100, 1);
        }
        rig.open();
        final ViewException damaged = catchThrowableOfType(() -> rig.overlay.state(8192), ViewException.class);
        assertThat(damaged.reason()).isEqualTo(ViewException.Cause.PRESENCE_DAMAGED);
        assertThat(damaged.offset()).isZero();
    }

    @Test
    void anOverlayOfAnotherSizeIsRefused() throws ViewException {
        rig(7);
        assertThatThrownBy(() -> ViewOverlay.open(disk, OverlayRig.DIRECTORY, OverlayRig.NAME, LENGTH * 1000L))
                .isInstanceOf(ViewException.class)
                .hasMessageContaining("bytes");
    }

    @Test
    void sixteenTebibytesOpenAtOnceAndZeroesTakeLittle(@TempDir final Path directory) throws IOException {
        final long length = (1L << 44) - 4096;
        final ChannelBlockFiles files = new ChannelBlockFiles();
        final byte[] bytes = new byte[10_000];
        new Random(8).nextBytes(bytes);
        final long far = length - 5_000_000;
        try (ViewOverlay overlay = ViewOverlay.create(files, directory, "big", length, new SystemEntropy())) {
            overlay.zero(1L << 40, 40L << 30, OverlayRig.ZEROS, (offset, target) -> {});
            overlay.write(far, ByteBuffer.wrap(bytes), (offset, target) -> target.position(target.limit()));
            overlay.flush();
        }
        try (ViewOverlay overlay = ViewOverlay.open(files, directory, "big", length)) {
            final ByteBuffer found = ByteBuffer.allocate(bytes.length);
            overlay.read(far, found);
            assertThat(found.array()).isEqualTo(bytes);
            assertThat(overlay.state(1L << 40)).isEqualTo(Presence.ZERO);
            assertThat(overlay.state((1L << 40) - 4096)).isEqualTo(Presence.ABSENT);
            assertThat(overlay.state((1L << 40) + (40L << 30) - 4096)).isEqualTo(Presence.ZERO);
            assertThat(overlay.state((1L << 40) + (40L << 30))).isEqualTo(Presence.ABSENT);
        }
        final long taken = (long) Files.getAttribute(directory.resolve("big.overlay"), "size");
        assertThat(taken).isEqualTo(far + bytes.length + 4096 - (far + bytes.length) % 4096);
    }

    @Test
    void writersOfPartsOfOneBlockDoNotUndoEachOther(@TempDir final Path directory) throws Exception {
        final int length = 4096 * 2000;
        final int parts = 4;
        final ChannelBlockFiles files = new ChannelBlockFiles();
        try (ViewOverlay overlay = ViewOverlay.create(files, directory, "v", length, new SystemEntropy())) {
            final List<Callable<Void>> writers = new ArrayList<>();
            for (int part = 0; part < parts; part++) {
                final int own = part;
                writers.add(() -> {
                    final byte[] bytes = new byte[4096 / parts];
                    for (int at = own * bytes.length; at < length; at += 4096) {
                        Arrays.fill(bytes, (byte) (own + 1));
                        overlay.write(at, ByteBuffer.wrap(bytes), (offset, target) -> target.position(target.limit()));
                        if (at / 4096 % 200 == own) {
                            overlay.flush();
                        }
                    }
                    return null;
                });
            }
            final ExecutorService threads = Executors.newFixedThreadPool(parts);
            for (final Future<Void> done : threads.invokeAll(writers)) {
                done.get();
            }
            threads.shutdown();
            overlay.flush();
        }
        try (ViewOverlay overlay = ViewOverlay.open(files, directory, "v", length)) {
            assertThat(overlay.runEnd(0, length, Presence.PRESENT)).isEqualTo(length);
            final ByteBuffer found = ByteBuffer.allocate(length);
            overlay.read(0, found);
            final byte[] wanted = new byte[length];
            for (int i = 0; i < length; i++) {
                wanted[i] = (byte) (i % 4096 / (4096 / parts) + 1);
            }
            assertThat(found.array()).isEqualTo(wanted);
        }
    }

    @Test
    void moreChangedPagesThanFitAreFlushedOnTheWay(@TempDir final Path directory) throws IOException {
        final long page = (long) PresencePage.BLOCKS * 4096;
        final int pages = 3 * Presence.DIRTY_PAGES_MAX;
        final ChannelBlockFiles files = new ChannelBlockFiles();
        try (ViewOverlay overlay = ViewOverlay.create(files, directory, "v", page * pages, new SystemEntropy())) {
            for (int i = 0; i < pages; i++) {
                overlay.write(i * page + 4096, ByteBuffer.wrap(new byte[4096]), (offset, target) -> {});
            }
            overlay.flush();
        }
        try (ViewOverlay overlay = ViewOverlay.open(files, directory, "v", page * pages)) {
            for (int i = 0; i < pages; i++) {
                assertThat(overlay.state(i * page)).isEqualTo(Presence.ABSENT);
                assertThat(overlay.state(i * page + 4096)).isEqualTo(Presence.PRESENT);
            }
        }
    }
}
