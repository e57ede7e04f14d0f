package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Views, test failover and failover on the production agents in one thread. */
class FailoverTest {
    private static final String MACHINE = TargetHarness.MACHINE;
    private static final Path VIEWS = TargetHarness.DATA.resolve(MACHINE).resolve("views");
    private static final long CAPTURE = 5;
    private static final long OTHER_CAPTURE = 6;

    private static FailoverWorld world(final long seed) {
        return new FailoverWorld(seed).connect(CAPTURE, 0).live(8);
    }

    private static ViewReport open(final FailoverWorld world, final int fromNewest) {
        return world.carriedOut(world.failover()
                .openView(MACHINE, world.point(world.sequence(fromNewest)), List.of(), ViewPurpose.PLAIN));
    }

    @Test
    void aViewShowsThePointWhileReplicationGoesOn() {
        final FailoverWorld world = world(1);
        final long sequence = world.sequence(4);
        final ViewReport view = open(world, 4);
        final byte[][] expected = world.points.get(sequence);
        assertThat(world.read(view, 1)).isEqualTo(expected[1]);
        final byte[][] written = world.use(view, expected);
        world.live(4);
        assertThat(world.read(view, 1)).isEqualTo(written[1]);
        assertThat(world.read(view, 2)).isEqualTo(written[2]);
        assertThat(world.points.lastEntry().getValue()[1]).isNotEqualTo(written[1]);
    }

    @ParameterizedTest
    @EnumSource
    void aViewIsThereAgainAfterAStopWithWhatWasFlushedToIt(final Survival survival) {
        final FailoverWorld world = world(2);
        final ViewReport view = open(world, 2);
        final byte[][] written = world.use(view, world.points.get(world.sequence(2)));
        world.restart(survival);
        final List<ViewReport> views = world.carriedOut(world.failover().views());
        assertThat(views).extracting(ViewReport::id).containsExactly(view.id());
        assertThat(views.get(0).complaint()).isEmpty();
        assertThat(world.read(view, 1)).isEqualTo(written[1]);
        assertThat(world.read(view, 2)).isEqualTo(written[2]);
    }

    @Test
    void aViewOfOneVolumeHasThatOneAlone() {
        final FailoverWorld world = world(3);
        final ViewReport view = world.carriedOut(world.failover()
                .openView(MACHINE, world.point(world.sequence(0)), List.of(new UUID(2, ~2L)), ViewPurpose.PLAIN));
        assertThat(view.volumes()).extracting(ViewReport.Volume::name).containsExactly("two");
        assertThat(world.history().leases().held()).hasSize(1);
    }

    @Test
    void aClosedViewLeavesNothing() {
        final FailoverWorld world = world(4);
        final List<Path> before = world.target.disk.files();
        final ViewReport view = open(world, 1);
        world.use(view, world.points.get(world.sequence(1)));
        assertThat(world.target.disk.files()).hasSizeGreaterThan(before.size());
        world.carriedOut(world.failover().closeView(MACHINE, view.id()));
        assertThat(world.carriedOut(world.failover().residue(MACHINE, view))).isEmpty();
        assertThat(world.target.disk.files()).containsExactlyElementsOf(before);
        assertThat(world.target.exports.views).isEmpty();
        assertThat(world.history().leases().held()).isEmpty();
    }

    @Test
    void residueIsNamed() {
        final FailoverWorld world = world(4);
        final ViewReport view = open(world, 1);
        assertThat(world.carriedOut(world.failover().residue(MACHINE, view)))
                .anyMatch(left -> left.startsWith("directory "))
                .anyMatch(left -> left.startsWith("export "));
    }

    @Test
    void whatIsNotOursBesideTheViewsIsLeftAlone() throws IOException {
        final FailoverWorld world = world(12);
        final ViewReport view = open(world, 1);
        final Path strange = VIEWS.resolve("lost+found").resolve("1");
        world.target.disk.createDirectories(strange.getParent());
        world.target.disk.open(strange, BlockFiles.Mode.WRITE).close();
        world.restart(Survival.ALL);
        assertThat(world.carriedOut(world.failover().views())).hasSize(1);
        assertThat(world.target.disk.files()).contains(strange);
        assertThat(world.read(view, 1)).isEqualTo(world.points.get(world.sequence(1))[1]);
    }

    /** A stop at every operation of opening and closing: whole, or gone, or removed by the next start. */
    @ParameterizedTest
    @EnumSource
    void aStopWhileAViewIsOpenedOrClosedLeavesAWholeViewOrNone(final Survival survival) {
        long operations = Long.MAX_VALUE;
        for (long crashAt = 0; crashAt <= operations; crashAt++) {
            final FailoverWorld world = world(5);
            final long before = world.target.disk.operations();
            world.target.disk.crashAtOperation(crashAt == 0 ? Long.MAX_VALUE : before + crashAt);
            try {
                final ViewReport view = open(world, 1);
                world.carriedOut(world.failover().closeView(MACHINE, view.id()));
                operations = world.target.disk.operations() - before;
            } catch (final org.farshore.dataplane.runtime.SimulatedCrash e) {
                world.restart(survival);
                final List<ViewReport> views = world.carriedOut(world.failover().views());
                final List<String> ids = views.stream().map(ViewReport::id).toList();
                assertThat(world.target.disk.list(VIEWS))
                        .as("stop at %d", crashAt)
                        .containsExactlyElementsOf(ids);
                for (final ViewReport view : views) {
                    assertThat(view.complaint()).isEmpty();
                    assertThat(world.read(view, 1)).isEqualTo(world.points.get(world.sequence(1))[1]);
                }
            }
        }
        assertThat(operations).isBetween(10L, 200L);
    }

    @Test
    void theOldSourceIsRefusedFromTheFenceOnAlsoAfterARestart() {
        final FailoverWorld world = world(6);
        final ViewReport view = world.failOver(world.sequence(0));
        assertThat(world.report().generation()).isEqualTo(2);
        world.connect(CAPTURE, 1);
        assertThat(world.sender.rejected).isEqualTo(RejectReason.STALE_GENERATION);
        assertThat(world.sender.rejectText).contains("has failed over");
        world.restart(Survival.NONE);
        assertThat(world.report().phase()).isEqualTo(FailoverPhase.FAILED_OVER);
        for (final int generation : new int[] {0, 1, 2}) {
            world.connect(CAPTURE, generation);
            assertThat(world.sender.rejected).isEqualTo(RejectReason.STALE_GENERATION);
        }
        assertThat(world.read(view, 2)).isEqualTo(world.points.get(world.sequence(0))[2]);
    }

    /** Whatever the moment of the stop: no view without a fence. */
    @ParameterizedTest
    @EnumSource
    void aStopInAFailoverFindsTheSourceFencedOrNothingDone(final Survival survival) {
        long operations = Long.MAX_VALUE;
        for (long crashAt = 0; crashAt <= operations; crashAt++) {
            final FailoverWorld world = world(7);
            final long before = world.target.disk.operations();
            world.target.disk.crashAtOperation(crashAt == 0 ? Long.MAX_VALUE : before + crashAt);
            try {
                world.failOver(world.sequence(1));
                operations = world.target.disk.operations() - before;
            } catch (final org.farshore.dataplane.runtime.SimulatedCrash e) {
                world.restart(survival);
                final boolean isFenced = world.report().phase() != FailoverPhase.REPLICATING;
                world.connect(CAPTURE, 1);
                assertThat(world.sender.rejected != null)
                        .as("stop at %d in %s", crashAt, world.report().phase())
                        .isEqualTo(isFenced);
                if (world.report().phase() != FailoverPhase.FAILED_OVER) {
                    assertThat(world.target.disk.list(VIEWS)).isEmpty();
                    world.failOver(world.sequence(1));
                }
                final String id = world.report().viewId();
                assertThat(world.read(id + "/one")).isEqualTo(world.points.get(world.sequence(1))[1]);
            }
        }
        assertThat(operations).isBetween(10L, 400L);
    }

    @Test
    void anotherPointTakesThePlaceOfTheFirst() {
        final FailoverWorld world = world(8);
        final ViewReport first = world.failOver(world.sequence(0));
        world.use(first, world.points.get(world.sequence(0)));
        final ViewReport second =
                world.carriedOut(world.failover().changePoint(MACHINE, world.point(world.sequence(3))));
        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(world.read(second, 1)).isEqualTo(world.points.get(world.sequence(3))[1]);
        assertThat(world.target.exports.views).hasSize(2);
        assertThat(world.target.disk.list(VIEWS)).containsExactly(second.id());
        assertThat(world.carriedOut(world.failover().residue(MACHINE, first))).isEmpty();
        assertThat(world.history().leases().held()).as("one for each volume").hasSize(2);
        world.restart(Survival.ALL);
        assertThat(world.report().viewId()).isEqualTo(second.id());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCancelledFailoverLetsTheOldSourceGoOnWhereItWas(final boolean restarts) {
        final FailoverWorld world = world(9);
        final List<Path> before = world.target.disk.files();
        final ViewReport view = world.failOver(world.sequence(2));
        world.use(view, world.points.get(world.sequence(2)));
        world.carriedOut(world.failover().cancel(MACHINE));
        assertThat(world.target.disk.list(VIEWS)).isEmpty();
        assertThat(world.target.disk.files())
                .as("what is left is the record that holds the generation, and caches")
                .filteredOn(path -> !path.endsWith("failover") && !path.endsWith("checkpoint"))
                .containsExactlyElementsOf(before.stream()
                        .filter(path -> !path.endsWith("checkpoint"))
                        .toList());
        assertThat(world.target.exports.views).isEmpty();
        assertThat(world.history().leases().held()).isEmpty();
        if (restarts) {
            world.restart(Survival.NONE);
        }
        world.connect(CAPTURE, 1);
        assertThat(world.sender.rejected).isNull();
        assertThat(world.sender.welcome.generation()).isEqualTo(2);
        assertThat(world.sender.welcome.capturePosition()).isNotNegative();
        world.live(3);
        final ViewReport later = open(world, 0);
        assertThat(world.read(later, 1)).isEqualTo(world.now[1]);
        assertThat(world.read(later, 2)).isEqualTo(world.now[2]);
    }

    @Test
    void aSourceThatWasAwayBetweenTwoCancelledFailoversMayComeBack() {
        final FailoverWorld world = world(12);
        for (int i = 0; i < 2; i++) {
            world.failOver(world.sequence(1));
            world.carriedOut(world.failover().cancel(MACHINE));
        }
        world.connect(CAPTURE, 1);
        assertThat(world.sender.rejected).as(world.sender.rejectText).isNull();
        assertThat(world.sender.welcome.capturePosition()).isNotNegative();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theDiskIsServedStillWhenItsRecordCannotBeStored(final boolean cancels) {
        final FailoverWorld world = world(13);
        final ViewReport view = world.failOver(world.sequence(2));
        final byte[][] written = world.use(view, world.points.get(world.sequence(2)));
        world.target.disk.failEveryOperationOn(
                TargetHarness.DATA.resolve(MACHINE).resolve("failover.new"));
        refused("cannot store", () -> {
            if (cancels) {
                world.carriedOut(world.failover().cancel(MACHINE));
            } else {
                world.carriedOut(world.failover().changePoint(MACHINE, world.point(world.sequence(0))));
            }
        });
        world.target.disk.failEveryOperationOn(null);
        assertThat(world.report().viewId()).isEqualTo(view.id());
        assertThat(world.target.disk.list(VIEWS)).containsExactly(view.id());
        assertThat(world.read(view, 1)).isEqualTo(written[1]);
    }

    /** Which of two records is on the disk is not known any more: whatever it is, the next start goes by it. */
    @ParameterizedTest
    @EnumSource
    void theRoleEndsWhenItIsInDoubtWhichRecordIsStored(final Survival survival) {
        final FailoverWorld world = world(14);
        final ViewReport view = world.failOver(world.sequence(2));
        final byte[][] written = world.use(view, world.points.get(world.sequence(2)));
        world.target.disk.failEveryOperationOn(TargetHarness.DATA.resolve(MACHINE));
        refused(
                "only a start can tell",
                () -> world.carriedOut(world.failover().changePoint(MACHINE, world.point(world.sequence(0)))));
        world.target.disk.failEveryOperationOn(null);
        world.restart(survival);
        assertThat(world.report().phase()).isEqualTo(FailoverPhase.FAILED_OVER);
        assertThat(world.target.disk.list(VIEWS)).containsExactly(world.report().viewId());
        if (world.report().viewId().equals(view.id())) {
            assertThat(world.read(view, 1)).isEqualTo(written[1]);
        }
    }

    @Test
    void whatMakesNoSenseIsRefusedWithItsReason() {
        final FailoverWorld world = world(10);
        refused("has not failed over", () -> world.carriedOut(world.failover().commit(MACHINE)));
        refused("no failover", () -> world.carriedOut(world.failover().cancel(MACHINE)));
        refused("has no view 77", () -> world.carriedOut(world.failover().closeView(MACHINE, "77")));
        refused("no machine", () -> world.carriedOut(world.failover().fence("none")));
        refused(
                "not fenced",
                () -> world.carriedOut(world.failover().failOver(MACHINE, world.point(world.sequence(0)))));
        final ViewReport plain = open(world, 1);
        final ViewReport disk = world.failOver(world.sequence(0));
        refused("failed over already", () -> world.carriedOut(world.failover().fence(MACHINE)));
        refused("is the disk", () -> world.carriedOut(world.failover().closeView(MACHINE, disk.id())));
        refused("close it first", () -> world.carriedOut(world.failover().commit(MACHINE)));
        world.carriedOut(world.failover().closeView(MACHINE, plain.id()));
        assertThat(world.history().points().pins().pin("keep", world.point(world.sequence(3))))
                .isNull();
        refused("pin keep", () -> world.carriedOut(world.failover().commit(MACHINE)));
        assertThat(world.report().phase()).isEqualTo(FailoverPhase.FAILED_OVER);
    }

    private static void refused(final String reason, final Runnable command) {
        assertThatThrownBy(command::run).isInstanceOf(FarshoreException.class).hasMessageContaining(reason);
    }

    @Test
    void aFreshSourceBeginsANewGenerationAfterACommit() {
        final FailoverWorld world = world(11);
        final ViewReport view = world.failOver(world.sequence(3));
        final byte[][] disk = world.use(view, world.points.get(world.sequence(3)));
        world.commit();
        assertThat(world.target.replica("one")).isEqualTo(disk[1]);
        assertThat(world.read(view, 1)).as("the view stays in use").isEqualTo(disk[1]);
        final byte[][] last = world.use(view, disk);
        world.connect(CAPTURE, 2);
        assertThat(world.sender.rejected)
                .as("as long as the view is the disk")
                .isEqualTo(RejectReason.STALE_GENERATION);
        world.carriedOut(world.failover().closeView(MACHINE, view.id()));
        assertThat(world.target.replica("one")).isEqualTo(last[1]);
        assertThat(world.history().points().list(List.of())).isEmpty();
        beginsAnew(world, last);
    }

    @Test
    void aPointThatWasLostWithTheEndOfTheJournalIsLostForGood() {
        final FailoverWorld world = world(11);
        final long lost = world.pointInAGroup();
        final RecoveryPoint point = world.point(world.sequence(0));
        final ViewReport view =
                world.carriedOut(world.failover().openView(MACHINE, point, List.of(), ViewPurpose.TEST));
        assertThat(world.history().points().pins().pin("kept", point)).isNull();
        final String segment = String.format("segment-%05d", lost / TargetHarness.SEGMENT_LENGTH - 1);
        world.target.disk.flip(
                TargetHarness.DATA.resolve(MACHINE).resolve("journal").resolve(segment),
                lost % TargetHarness.SEGMENT_LENGTH + 40,
                1);
        world.restart(Survival.NONE);
        assertThat(world.history().points().pins().sequences()).isEmpty();
        assertThat(complaintOf(world, view)).contains("lost with the end of the journal");

        world.connect(CAPTURE, 0).live(5);
        assertThat(world.point(world.sequence(0)).position()).isGreaterThan(point.position());
        world.restart(Survival.NONE);
        assertThat(complaintOf(world, view)).as("other records lie there now").contains("lost with the end");
        world.carriedOut(world.failover().closeView(MACHINE, view.id()));
    }

    private static String complaintOf(final FailoverWorld world, final ViewReport view) {
        return world.carriedOut(world.failover().views()).stream()
                .filter(one -> one.id().equals(view.id()))
                .findFirst()
                .orElseThrow()
                .complaint();
    }

    @Test
    void aVolumeThatHasLeftTheStreamIsTheDiskAfterACommitAndAStop() {
        final FailoverWorld world = world(11);
        world.removeSecond();
        final ViewReport view = world.failOver(world.sequence(3));
        final byte[][] disk = world.use(view, world.points.get(world.sequence(3)));
        world.commit();
        world.target.disk.restart(Survival.NONE);
        world.sender = null;
        world.target.start();
        world.step(() -> world.target.exports.replicas.containsKey(view.id() + "/two"));
        assertThat(world.target.replica("two")).isEqualTo(disk[2]);
        assertThat(world.report().phase()).isEqualTo(FailoverPhase.COMMITTED);
    }

    @Test
    void aSecondCommitInOneLifeOfTheRoleLeavesNothingOfItsGenerationEither() {
        final FailoverWorld world = world(15);
        for (int i = 0; i < 2; i++) {
            final long last = world.point(world.sequence(0)).position();
            final ViewReport view = world.failOver(world.sequence(3));
            world.commit();
            assertThat(world.history().horizonPosition()).as("commit %d", i).isGreaterThan(last);
            assertThat(world.history().points().list(List.of())).isEmpty();
            world.carriedOut(world.failover().closeView(MACHINE, view.id()));
            world.connect(CAPTURE, 0);
            assertThat(world.sender.rejected).as(world.sender.rejectText).isNull();
            world.live(5);
        }
    }

    /** The old source stays out; another one must compare, and no version of the dead generation is ever seen. */
    private static void beginsAnew(final FailoverWorld world, final byte[][] disk) {
        world.connect(CAPTURE, 1);
        assertThat(world.sender.rejected).isEqualTo(RejectReason.STALE_GENERATION);
        world.connect(CAPTURE, 0);
        assertThat(world.sender.welcome.captureIdHigh())
                .as("nothing of this capture is held")
                .isZero();
        world.sender.goodbye();
        for (int i = 0; i < 20; i++) {
            world.target.step();
        }
        world.connect(OTHER_CAPTURE, 0);
        assertThat(world.sender.rejected).as(world.sender.rejectText).isNull();
        System.arraycopy(disk[1], 0, world.now[1], 0, FailoverWorld.SIZE);
        System.arraycopy(disk[2], 0, world.now[2], 0, FailoverWorld.SIZE);
        world.live(2);
        final ViewReport later = open(world, 0);
        assertThat(world.read(later, 1)).isEqualTo(world.now[1]);
        assertThat(world.read(later, 2)).isEqualTo(world.now[2]);
    }
}
