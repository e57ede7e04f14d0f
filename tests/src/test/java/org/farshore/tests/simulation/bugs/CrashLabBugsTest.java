package org.farshore.tests.simulation.bugs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongFunction;
import org.farshore.tests.crashlab.CrashHunt;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That the crash lab finds what it is for: bugs about the order of syncs, planted in a copy of the product. */
@PrivilegedSystemTest
class CrashLabBugsTest {
    private static final String NAME = "CrashLabBugsTest";
    private static final Path ROOT = Path.of(System.getProperty("farshore.root"));
    private static final int SEEDS = 3;

    static java.util.List<PlantedBug> bugs() {
        return java.util.List.of(
                PlantedBug.of("ack before sync", "I2: the journal is synced before anybody is told that it is durable")
                        .inDataplane("journal/JournalCommitter.java", "ring.sync(group.segmentNumber());", ""),
                PlantedBug.of("the journal is freed before the replica is synced", "F1: horizon after the base sync")
                        .inDataplane(
                                "retire/StreamApply.java",
                                "if (replica.isApplyDirty()) { replica.sync();",
                                "if (replica.isApplyDirty() && nowNs < 0) { replica.sync();"),
                PlantedBug.of("the base is written before the floor is stored", "F1: first the floor, then the base")
                        .inDataplane(
                                "retire/StreamApply.java",
                                "record.raiseFloor(history == null ? reader.position() : gatherLimit);",
                                ""),
                PlantedBug.of("the checkpoint vouches for versions that are not synced", "pages first, then the record")
                        .inDataplane(
                                "index/VersionIndex.java",
                                "checkpointArmed = false; appender.sync();",
                                "checkpointArmed = false;"));
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void findsAPlantedBug(final PlantedBug bug) throws IOException {
        require();
        final LongFunction<String> hunt = BuggyProduct.with(bug, ROOT).hunt(CrashHunt.class);
        String found = null;
        long seed = 0;
        while (found == null && seed < SEEDS) {
            found = hunt.apply(++seed);
        }
        System.out.println("planted bug '" + bug.name() + "', seed " + seed + ": " + found);
        assertThat(found).isNotNull();
    }

    @Test
    void findsNothingInACopyWithoutABug() throws IOException {
        require();
        final PlantedBug same = PlantedBug.of("nothing", "none")
                .inDataplane(
                        "journal/JournalCommitter.java",
                        "ring.sync(group.segmentNumber());",
                        "ring.sync(group.segmentNumber());");
        assertThat(BuggyProduct.with(same, ROOT).hunt(CrashHunt.class).apply(1)).isNull();
    }

    private static void require() {
        Features.requireRoot(NAME);
        Features.requireCommands(NAME, "nbdfuse", "fusermount3", "losetup");
        Features.requireFilesystem(NAME, "ext4");
    }
}
