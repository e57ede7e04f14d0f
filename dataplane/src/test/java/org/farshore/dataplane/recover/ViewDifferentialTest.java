package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.function.Supplier;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Views against a plain model, while the machine writes, retire runs, and the target stops and comes up again. */
class ViewDifferentialTest {
    private static final int STEPS = 220;
    private static final int VIEWS_MAX = 6;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
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
        assertThat(world.views).isNotEmpty();
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
        public Supplier<Versions> at(final int volume, final long position, final int entries) {
            return () -> versions.at(volume, position, entries);
        }
    }
}
