package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A commit is stopped at every operation of the disk and goes on after the next start. */
class CommitCrashTest {
    private static final long CAPTURE = 5;

    @ParameterizedTest
    @EnumSource
    void theReplicaIsTheViewWhateverTheMomentOfTheStop(final Survival survival) {
        final Set<FailoverPhase> phases = EnumSet.noneOf(FailoverPhase.class);
        long operations = Long.MAX_VALUE;
        for (long crashAt = 0; crashAt <= operations; crashAt++) {
            final String story = "stop at " + crashAt + ", survival " + survival;
            final FailoverWorld world =
                    new FailoverWorld(20).connect(CAPTURE, 0).live(5);
            final long sequence = world.sequence(2);
            final ViewReport view = world.failOver(sequence);
            final byte[][] disk = world.use(view, world.points.get(sequence));
            final long before = world.target.disk.operations();
            world.target.disk.crashAtOperation(crashAt == 0 ? Long.MAX_VALUE : before + crashAt);
            try {
                world.commit();
                operations = world.target.disk.operations() - before;
            } catch (final SimulatedCrash e) {
                world.restart(survival);
                phases.add(world.report().phase());
                if (world.report().phase() == FailoverPhase.FAILED_OVER
                        || world.report().phase() == FailoverPhase.FLATTENING) {
                    assertThat(world.read(view, 1)).as(story).isEqualTo(disk[1]);
                }
                world.commit();
            }
            assertThat(world.target.replica("one")).as(story).isEqualTo(disk[1]);
            assertThat(world.target.replica("two")).as(story).isEqualTo(disk[2]);
            world.restart(Survival.NONE);
            assertThat(world.report().phase()).as(story).isEqualTo(FailoverPhase.COMMITTED);
            assertThat(world.target.replica("one")).as(story + ", durably").isEqualTo(disk[1]);
            assertThat(world.target.replica("two")).as(story + ", durably").isEqualTo(disk[2]);
            assertThat(world.target.exports.replicas).as(story).hasSize(2);
        }
        assertThat(operations).isBetween(20L, 2_000L);
        assertThat(phases)
                .contains(
                        FailoverPhase.FAILED_OVER,
                        FailoverPhase.FLATTENING,
                        FailoverPhase.DRAINING,
                        FailoverPhase.EMPTYING);
    }
}
