package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.failover.FailoverInspector;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.recover.FileReport;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FailoverInspectorTest {
    private static final Path DIRECTORY = TargetHarness.DATA.resolve(TargetHarness.MACHINE);
    private static final int FLIPS_PER_FILE = 60;

    private final FailoverWorld world = new FailoverWorld(41).connect(5, 0).live(6);
    private final SimulatedDisk disk = world.target.disk;
    private final FailoverInspector inspector = new FailoverInspector(disk);
    private ViewReport view;

    @BeforeEach
    void failOverWithAViewInUseAndAPin() {
        view = world.carriedOut(world.failover()
                .openView(TargetHarness.MACHINE, world.point(world.sequence(2)), List.of(), ViewPurpose.TEST));
        world.use(view, world.points.get(world.sequence(2)));
        assertThat(world.history().points().pins().pin("before", world.point(world.sequence(3))))
                .isNull();
        world.history().points().sync();
        world.fence();
        world.failOver(world.sequence(1));
    }

    private FileReport report(final String kind) throws IOException {
        return inspector.machine(DIRECTORY).stream()
                .filter(report -> report.kind().equals(kind))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyFileOfTheMachineTellsWhatItHolds() throws IOException {
        assertThat(inspector.isMachine(DIRECTORY)).isTrue();
        assertThat(inspector.machine(DIRECTORY))
                .allMatch(report -> report.damages().isEmpty())
                .extracting(FileReport::kind)
                .containsExactlyInAnyOrder(
                        "points", "pins", "failover", "view", "overlay", "overlay", "view", "overlay", "overlay");
        assertThat(report("points").facts())
                .containsEntry("machine", TargetHarness.MACHINE)
                .containsEntry("newest", world.sequence(0));
        assertThat(report("pins").facts()).containsEntry("before", world.sequence(3));
        assertThat(report("failover").facts()).containsEntry("phase", "failed_over");
        assertThat(inspector.machine(DIRECTORY))
                .filteredOn(report -> report.kind().equals("overlay"))
                .anyMatch(report -> (long) report.facts().get("writtenBlocks") > 0);
    }

    /** Checksums cover all of these files, padding included, so there is no byte that may change unseen. */
    @Test
    void everyFlippedBitIsTold() throws IOException {
        final long seed = 7;
        final Random random = new Random(seed);
        for (final FileReport report : inspector.machine(DIRECTORY)) {
            final long length = disk.lengthOf(report.file());
            for (int i = 0; i < FLIPS_PER_FILE; i++) {
                final long offset = (long) (random.nextDouble() * length);
                final int bit = 1 << random.nextInt(8);
                disk.flip(report.file(), offset, bit);
                assertThat(inspector.machine(DIRECTORY))
                        .as("seed %d, mask %d of byte %d of %s", seed, bit, offset, report.file())
                        .anyMatch(other -> !other.damages().isEmpty());
                disk.flip(report.file(), offset, bit);
            }
        }
        assertThat(inspector.machine(DIRECTORY))
                .allMatch(report -> report.damages().isEmpty());
    }

    @Test
    void whatBearsNoViewsNameIsNotTakenForOne() throws IOException {
        final List<FileReport> before = inspector.machine(DIRECTORY);
        disk.createDirectories(DIRECTORY.resolve("views/lost+found"));

        assertThat(inspector.machine(DIRECTORY)).hasSameSizeAs(before);
    }

    @Test
    void aDirectoryOfSomethingElseIsNoMachine() throws IOException {
        assertThat(inspector.isMachine(TargetHarness.DATA)).isFalse();
    }
}
