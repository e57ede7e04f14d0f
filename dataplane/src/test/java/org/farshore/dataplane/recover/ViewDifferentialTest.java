package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.function.Supplier;
import org.farshore.dataplane.index.VersionIndex;
import org.farshore.dataplane.index.VersionIndexContext;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Views against a plain model, while the machine writes, retire runs, and the target stops and comes up again. */
class ViewDifferentialTest {
    private static final int STEPS = 400;
    private static final int VIEWS_MAX = 6;
    private static final int PAGES_PER_FILE = 64;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void overTheVersionIndexEveryViewShowsItsMomentAndItsOwnWrites(final long seed) throws IOException {
        run(seed, new IndexSeam());
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22})
    void everyViewShowsItsMomentAndItsOwnWrites(final long seed) throws IOException {
        run(seed, new ModelSeam());
    }

    static void run(final long seed, final ViewWorld.IndexSeam index) throws IOException {
        final ViewWorld world = new ViewWorld(seed, index);
        for (int step = 0; step < STEPS; step++) {
            final String story = "seed " + seed + ", step " + step;
            switch (world.random.nextInt(10)) {
                case 0, 1, 2 -> world.write();
                case 3 -> {
                    if (world.views.size() == VIEWS_MAX) {
                        world.closeView(world.random.nextInt(VIEWS_MAX));
                    }
                    world.openView();
                }
                case 4 -> world.retire();
                case 5 -> {
                    if (world.random.nextInt(4) == 0) {
                        world.stop(story);
                    }
                }
                default -> {
                    for (final ViewWorld.OpenView view : world.views) {
                        view.step(story + ", " + view.name);
                    }
                }
            }
        }
        for (final ViewWorld.OpenView view : world.views) {
            assertThat(view.readAll()).as("seed " + seed).isEqualTo(view.model.now());
            assertThat(world.counters.get(ReplicationCounter.VIEW_READ_ERRORS, view.name))
                    .isZero();
        }
        assertThat(world.views).as("seed " + seed).isNotEmpty();
        assertThat(world.retireCount).as("seed " + seed).isPositive();
        assertThat(world.stopCount).as("seed " + seed).isPositive();
        assertThat(world.insideBatchCount).as("seed " + seed).isPositive();
    }

    /** The production index. */
    private static final class IndexSeam implements ViewWorld.IndexSeam {
        private StreamRig stream;
        private VersionIndex index;
        private long nowNs;

        @Override
        public void open(final StreamRig rig) {
            stream = rig;
            index = new VersionIndex(new VersionIndexContext()
                    .files(rig.files)
                    .directory(StreamRig.STREAM.resolve("index"))
                    .journal(rig.context, rig.journal)
                    .machine("rig")
                    .horizonSegment(segmentOf(rig.state.horizon()))
                    .pagesPerFile(PAGES_PER_FILE)
                    .conclude());
        }

        private static long segmentOf(final long position) {
            return position / StreamRig.SEGMENT_LENGTH;
        }

        @Override
        public void follow() {
            for (int i = 0; index.indexedPosition() < stream.durable(); i++) {
                nowNs += 1_000_000;
                index.doWork(nowNs);
                assertThat(i).as("the index comes no further").isLessThan(100_000);
            }
        }

        @Override
        public void raiseHorizon(final long position) {
            index.raiseHorizon(segmentOf(position));
            for (int i = 0; index.horizonSegment() < segmentOf(position); i++) {
                nowNs += 1_000_000;
                index.doWork(nowNs);
                assertThat(i).as("the horizon stays").isLessThan(100_000);
            }
        }

        @Override
        public Supplier<Versions> at(final int volume, final RecoveryPoint point) {
            return () -> new IndexVersions(index, volume, point);
        }
    }

    /** The index as a list. */
    private static final class ModelSeam implements ViewWorld.IndexSeam {
        private StreamRig stream;
        private ModelVersions versions;

        @Override
        public void open(final StreamRig rig) {
            stream = rig;
            versions = new ModelVersions();
            versions.raiseHorizon(rig.state.horizon());
        }

        @Override
        public void follow() {
            stream.follow(Math.max(versions.position(), stream.state.horizon()), versions);
        }

        @Override
        public void raiseHorizon(final long position) {
            versions.raiseHorizon(position);
        }

        @Override
        public Supplier<Versions> at(final int volume, final RecoveryPoint point) {
            return () -> versions.at(volume, point.position(), point.frameEntries());
        }
    }
}
