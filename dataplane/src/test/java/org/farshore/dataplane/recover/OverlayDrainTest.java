package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An overlay moves into its base under a user who reads, writes and flushes, and the machine stops at every operation. */
class OverlayDrainTest {
    private static final int LENGTH = 11 * 4096 + 1536;
    private static final int WRITES_BEFORE = 12;
    private static final int STEPS_MAX = 10_000;
    private static final Path BASE = OverlayRig.DIRECTORY.resolve("replica.img");

    /** A base with an overlay on one disk, and what its user may expect to read. */
    private static final class Rig {
        final SimulatedDisk disk;
        final Random random;
        OverlayModel model;
        BlockFile base;
        RecoveryView view;
        ViewAccess access;
        OverlayDrain drain;

        Rig(final long seed) throws IOException {
            disk = new SimulatedDisk(seed);
            random = new Random(seed);
            disk.createDirectories(OverlayRig.DIRECTORY);
            model = new OverlayModel(random, LENGTH);
            try (BlockFile file = disk.open(BASE, BlockFiles.Mode.WRITE)) {
                file.write(ByteBuffer.wrap(model.now().clone()), 0);
                file.sync();
            }
            disk.syncDirectory(OverlayRig.DIRECTORY);
            open(ViewOverlay.create(disk, OverlayRig.DIRECTORY, OverlayRig.NAME, LENGTH, new SeededEntropy(1)));
        }

        private void open(final ViewOverlay overlay) throws IOException {
            view = new RecoveryView(
                    "test",
                    LENGTH,
                    disk.open(BASE, BlockFiles.Mode.READ),
                    () -> new ModelVersions().at(0, 0, 0),
                    null,
                    overlay,
                    new ViewLeases(0).hold(0, "test"),
                    new HeapCounters().newCounter(ReplicationCounter.VIEW_READ_ERRORS, "test"),
                    new HeapCounters().newCounter(ReplicationCounter.VIEWS_FULL, "test"));
            view.useBaseAlone();
            access = view.newAccess();
            base = disk.open(BASE, BlockFiles.Mode.WRITE);
        }

        void reopen() throws IOException {
            open(ViewOverlay.open(disk, OverlayRig.DIRECTORY, OverlayRig.NAME, LENGTH));
        }

        void beginDrain() {
            drain = new OverlayDrain(view, base);
        }

        void use() throws ViewException {
            final int unit = random.nextInt(3) == 0 ? 512 : 4096;
            final int offset = random.nextInt(LENGTH / unit) * unit;
            final int count = Math.min(LENGTH - offset, (1 + random.nextInt(3)) * unit);
            switch (random.nextInt(6)) {
                case 0 -> {
                    access.flush();
                    model.flushed();
                }
                case 1 -> {
                    model.change(offset, new byte[count]);
                    access.zero(offset, count);
                }
                default -> {
                    final byte[] bytes = new byte[count];
                    random.nextBytes(bytes);
                    model.change(offset, bytes);
                    access.write(offset, ByteBuffer.wrap(bytes));
                }
            }
        }

        byte[] read() throws ViewException {
            final ByteBuffer found = ByteBuffer.allocate(LENGTH);
            access.read(0, found);
            return found.array();
        }

        byte[] readBase() throws IOException {
            final ByteBuffer found = ByteBuffer.allocate(LENGTH);
            base.read(found, 0);
            return found.array();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStopAtAnyOperationLosesNothingThatWasFlushed(final SimulatedDisk.Survival survival) throws IOException {
        for (long seed = 1; seed <= 5; seed++) {
            final long operations = run(seed, Long.MAX_VALUE, survival);
            assertThat(operations).as("seed %d", seed).isGreaterThan(WRITES_BEFORE);
            for (long crashAt = 1; crashAt <= operations; crashAt++) {
                run(seed, crashAt, survival);
            }
        }
    }

    /** Answers the operations that the disk saw since the drain began. */
    private static long run(final long seed, final long crashAt, final SimulatedDisk.Survival survival)
            throws IOException {
        final String story = "seed " + seed + ", stop at operation " + crashAt + ", survival " + survival;
        final Rig rig = new Rig(seed);
        for (int i = 0; i < WRITES_BEFORE; i++) {
            rig.use();
        }
        final long before = rig.disk.operations();
        if (crashAt < Long.MAX_VALUE) {
            rig.disk.crashAtOperation(before + crashAt);
        }
        long operations = 0;
        try {
            drainInUse(rig, story);
            operations = rig.disk.operations() - before;
        } catch (final SimulatedCrash e) {
            assertThat(rig.disk.hasCrashed()).as(story).isTrue();
            rig.disk.restart(survival);
            rig.reopen();
            final byte[] found = rig.read();
            assertThat(rig.model.firstWrong(found)).as(story).isEqualTo(-1);
            rig.model.restart(found);
            drainInUse(rig, story + ", second life");
        }
        assertThat(rig.readBase()).as(story + ": the base is the disk").isEqualTo(rig.model.now());
        rig.disk.restart(SimulatedDisk.Survival.NONE);
        rig.reopen();
        assertThat(rig.readBase()).as(story + ": durably").isEqualTo(rig.model.now());
        return operations;
    }

    private static void drainInUse(final Rig rig, final String story) throws IOException {
        rig.beginDrain();
        int steps = 0;
        while (!rig.drain.step()) {
            assertThat(steps++).as(story).isLessThan(STEPS_MAX);
            if (steps < 40) {
                rig.use();
                assertThat(rig.read()).as(story).isEqualTo(rig.model.now());
            }
        }
        rig.use();
        rig.access.flush();
        rig.model.flushed();
        assertThat(rig.read()).as(story).isEqualTo(rig.model.now());
    }

    @Test
    void aBlockThatIsWrittenWithoutPauseDoesNotHoldTheDrainUp() throws IOException {
        final Rig rig = new Rig(7);
        final byte[] bytes = new byte[4096];
        for (int i = 0; i < 3; i++) {
            rig.access.write(4096L * i, ByteBuffer.wrap(bytes));
        }
        rig.beginDrain();
        int steps = 0;
        while (!rig.drain.step()) {
            Arrays.fill(bytes, (byte) ++steps);
            rig.access.write(4096, ByteBuffer.wrap(bytes));
            assertThat(steps).isLessThan(100);
        }
        rig.access.flush();
        final byte[] found = rig.readBase();
        assertThat(Arrays.copyOfRange(found, 4096, 8192)).isEqualTo(bytes);
    }

    @Test
    void aBaseThatCannotBeSyncedStopsTheView() throws IOException {
        final Rig rig = new Rig(8);
        rig.access.write(0, ByteBuffer.wrap(new byte[4096]));
        rig.access.flush();
        rig.beginDrain();
        rig.disk.failEveryOperationOn(BASE);
        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                                () -> {
                                    while (!rig.drain.step()) {
                                        assertThat(rig.disk.hasCrashed()).isFalse();
                                    }
                                },
                                ViewException.class)
                        .reason())
                .isIn(ViewException.Cause.DISK, ViewException.Cause.OVERLAY_STOPPED);
        rig.disk.failEveryOperationOn(null);
        rig.disk.restart(SimulatedDisk.Survival.NONE);
        rig.reopen();
        final byte[] found = rig.read();
        assertThat(Arrays.copyOf(found, 4096)).isEqualTo(new byte[4096]);
    }
}
