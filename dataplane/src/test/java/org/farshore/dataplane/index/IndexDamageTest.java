package org.farshore.dataplane.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.Test;

/** Flips bits of any byte of the index's files, while nothing runs and while readers read. */
class IndexDamageTest {
    private static final long SEED = 20_261;
    private static final int FLIPS_AT_REST = 1_000;
    private static final int FLIPS_IN_USE = 1_000;

    private final Random random = new Random(SEED);
    private final IndexRig rig = new IndexRig(SEED);
    private int rebuilds;

    private void fill() {
        rig.pagesPerFile = 4;
        rig.residentFiles = 2;
        rig.open().connect();
        for (int i = 0; i < 30; i++) {
            final List<Extent> extents = new ArrayList<>();
            for (int k = 0; k < 60; k++) {
                final long length = 512L * (1 + random.nextInt(24));
                extents.add(
                        k % 10 == 0
                                ? IndexRig.write(1, 512L * random.nextInt(1024), 512 * (1 + random.nextInt(9)))
                                : IndexRig.zero(1, 512L * random.nextInt(1024), length));
            }
            extents.add(IndexRig.discard(1, (1L + random.nextInt(3)) << 20, 1 << 20));
            rig.send(extents);
            rig.follow();
        }
        rig.barrier();
        rig.follow().checkpoint();
    }

    private Path flipSomewhere() {
        final List<String> names = new ArrayList<>(rig.disk.list(IndexRig.INDEX));
        names.removeIf(name -> name.contains("spare"));
        final Path path = IndexRig.INDEX.resolve(names.get(random.nextInt(names.size())));
        rig.disk.flip(path, random.nextInt((int) rig.disk.lengthOf(path)), 1 << random.nextInt(8));
        return path;
    }

    private void compare() {
        for (int i = 0; i < 6; i++) {
            final long position = rig.cuts.get(random.nextInt(rig.cuts.size()));
            final long offset = 512L * random.nextInt(1024);
            rig.check(1, offset, 512 * (1 + random.nextInt(64)), position);
        }
        rig.check(1, 1 << 20, 1 << 20, rig.cuts.get(random.nextInt(rig.cuts.size())));
    }

    @Test
    void byteFlippedAtRestNeverGivesAWrongAnswer() {
        fill();
        final long live = rig.index.liveVersions();
        for (int i = 0; i < FLIPS_AT_REST; i++) {
            rig.stop(Survival.ALL);
            flipSomewhere();
            rig.open().follow();
            assertThat(rig.index.liveVersions()).isEqualTo(live);
            compare();
            rig.checkpoint();
        }
    }

    @Test
    void byteFlippedInUseNeverGivesAWrongAnswer() {
        fill();
        for (int i = 0; i < FLIPS_IN_USE; i++) {
            final Path path = flipSomewhere();
            boolean answered = false;
            for (int attempt = 0; !answered; attempt++) {
                assertThat(attempt).as("%s, flip %d", path, i).isLessThan(5);
                answered = tryToCompare();
            }
        }
        System.out.printf("seed %d: %d flips in use, %d made the index rebuild itself%n", SEED, FLIPS_IN_USE, rebuilds);
        assertThat(rebuilds).isPositive();
    }

    private boolean tryToCompare() {
        rig.reader.close();
        rig.reader = rig.index.newReader();
        try {
            compare();
            return true;
        } catch (final IndexDamageException e) {
            rebuilds++;
            rig.follow();
            rig.checkpoint();
            return false;
        }
    }
}
