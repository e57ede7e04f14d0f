package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The machine stops at every operation that the disk sees of an overlay. */
class ViewOverlayCrashTest {
    private static final int LENGTH = 11 * 4096 + 1536;
    private static final int STEPS = 40;
    private static final int LIVES = 6;

    @ParameterizedTest
    @EnumSource
    void whatWasFlushedIsThereAfterAStopAtAnyOperation(final SimulatedDisk.Survival survival) throws ViewException {
        for (long seed = 1; seed <= 6; seed++) {
            final long operations = run(seed, Long.MAX_VALUE, survival);
            assertThat(operations).as("seed %d", seed).isGreaterThan(STEPS / 2);
            for (long crashAt = 1; crashAt <= operations; crashAt++) {
                run(seed, crashAt, survival);
            }
        }
    }

    /** Runs the script with a stop, comes up again, goes on and stops again, several times; answers operations seen. */
    private static long run(final long seed, final long crashAt, final SimulatedDisk.Survival survival)
            throws ViewException {
        final String story = "seed " + seed + ", stop at operation " + crashAt + ", survival " + survival;
        final SimulatedDisk disk = new SimulatedDisk(seed * 1_000_003 + crashAt);
        disk.createDirectories(OverlayRig.DIRECTORY);
        final OverlayRig rig = new OverlayRig(disk, seed, LENGTH);
        disk.crashAtOperation(crashAt);
        try {
            rig.create();
            for (int i = 0; i < STEPS; i++) {
                rig.step();
            }
            assertThat(rig.read()).as(story).isEqualTo(rig.model.now());
        } catch (final SimulatedCrash e) {
            assertThat(disk.hasCrashed()).isTrue();
        }
        final long operations = disk.operations();
        reopen(disk, rig, survival, story);
        for (int life = 0; life < LIVES; life++) {
            disk.crashAtOperation(disk.operations() + 1 + (crashAt + 7L * life) % 17);
            try {
                for (int i = 0; i < STEPS; i++) {
                    rig.step();
                }
            } catch (final SimulatedCrash e) {
                assertThat(disk.hasCrashed()).isTrue();
            }
            reopen(disk, rig, survival, story + ", life " + life);
        }
        return operations;
    }

    private static void reopen(
            final SimulatedDisk disk, final OverlayRig rig, final SimulatedDisk.Survival survival, final String story)
            throws ViewException {
        disk.restart(survival);
        if (ViewOverlay.exists(disk, OverlayRig.DIRECTORY, OverlayRig.NAME)) {
            rig.open();
        } else {
            rig.create();
        }
        final byte[] found = rig.read();
        assertThat(rig.model.firstWrong(found)).as(story).isEqualTo(-1);
        rig.model.restart(found);
        rig.flush();
    }
}
