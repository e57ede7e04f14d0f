package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.journal.VolumeState;
import org.farshore.dataplane.recover.PointChoice.Refusal;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecoveryPointsTest {
    private static final Path POINTS = StreamRig.STREAM.resolve(CatalogueFile.NAME);
    private static final Path PINS = StreamRig.STREAM.resolve(PinFile.NAME);
    private static final Set<UUID> ALL = Set.of();
    private static final long SECOND = 1_000_000_000L;
    private static final String LONG_LABEL =
            "before the upgrade of the warehouse ".repeat(4).trim();

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final StreamRig stream = new StreamRig(disk, 1, 16);
    private ViewLeases leases;
    private RecoveryPoints points;

    @BeforeEach
    void begin() throws IOException {
        stream.open();
        stream.connect();
        openPoints();
    }

    private void openPoints() {
        leases = new ViewLeases(stream.state.floor());
        points = RecoveryPoints.open(
                disk, StreamRig.STREAM, stream.state, stream.durable(), leases, stream.journal::newReader);
    }

    private static UUID uuid(final int volume) {
        return new UUID(volume, ~(long) volume);
    }

    /** Appends what {@code write} makes and returns the sequence of its last record. */
    private long send(final MessageWriter message, final long first) {
        stream.append(message, first);
        return message.nextSequence() - 1;
    }

    private long next() {
        return stream.messages.nextSequence();
    }

    private long added(final int volume, final WriteOrder order) {
        final long first = next();
        send(stream.messages.volumeAdded(volume, volume, 1 << 20, "v" + volume), first);
        return state(volume, order);
    }

    private long state(final int volume, final WriteOrder order) {
        final long first = next();
        return send(stream.messages.volumeState(volume, order, StateReason.GAP), first);
    }

    private long write(final int volume, final int extents) {
        final long first = next();
        final Extent[] all = new Extent[extents];
        for (int i = 0; i < extents; i++) {
            all[i] = Extent.write(volume, i * 512L, new byte[512]);
        }
        return send(stream.messages.batch(all), first);
    }

    private long barrier(final long wallSeconds, final BarrierKind kind, final String label, final int... volumes) {
        final long first = next();
        return send(stream.messages.barrier(wallSeconds * SECOND, kind, label, volumes), first);
    }

    private long barrier(final long wallSeconds, final int... volumes) {
        return barrier(wallSeconds, BarrierKind.CRASH, "", volumes);
    }

    private void follow() {
        stream.settle();
        stream.follow(points.position(), points.follower());
    }

    /** Two volumes in order, three points: 1 crash, 2 application with a label, 3 crash; a write of two records between. */
    private long[] threePoints() {
        added(1, WriteOrder.ORDERED);
        added(2, WriteOrder.ORDERED);
        final long first = barrier(10, 1, 2);
        write(1, 2);
        final long second = barrier(11, BarrierKind.APPLICATION, LONG_LABEL, 1, 2);
        write(2, 2);
        final long third = barrier(12, 1, 2);
        follow();
        return new long[] {first, second, third};
    }

    private static long sequenceOf(final PointChoice choice) {
        assertThat(choice.isGranted()).as(choice.reason()).isTrue();
        return choice.point().sequence();
    }

    @Test
    void everyChoiceLeadsToItsPoint() {
        final long[] three = threePoints();
        assertThat(sequenceOf(points.latest(ALL))).isEqualTo(three[2]);
        assertThat(sequenceOf(points.latest(BarrierKind.APPLICATION, ALL))).isEqualTo(three[1]);
        assertThat(sequenceOf(points.withLabel(LONG_LABEL, ALL))).isEqualTo(three[1]);
        assertThat(sequenceOf(points.atTime(11 * SECOND + 999, ALL))).isEqualTo(three[1]);
        assertThat(sequenceOf(points.atSequence(three[0], ALL))).isEqualTo(three[0]);
        final long processed = points.list(ALL).get(1).position();
        assertThat(sequenceOf(points.latestProcessed(processed, ALL))).isEqualTo(three[1]);
        assertThat(points.atTime(9 * SECOND, ALL).refusal()).isEqualTo(Refusal.BELOW_FLOOR);
        assertThat(points.withLabel("no such", ALL).refusal()).isEqualTo(Refusal.NEVER_EXISTED);
        assertThat(points.latest(BarrierKind.GROUP, ALL).refusal()).isEqualTo(Refusal.NEVER_EXISTED);
    }

    @Test
    void aPointKnowsItsVolumesAndThatItEndsAResync() {
        threePoints();
        final List<RecoveryPoint> list = points.list(ALL);
        assertThat(list).extracting(RecoveryPoint::endOfResync).containsExactly(true, false, false);
        assertThat(list)
                .extracting(RecoveryPoint::windowBegin)
                .isEqualTo(list.stream().map(RecoveryPoint::sequence).toList());
        assertThat(list.get(0).volumes())
                .containsExactly(
                        new RecoveryPoint.PointVolume(uuid(1), 1, 1 << 20),
                        new RecoveryPoint.PointVolume(uuid(2), 2, 1 << 20));
        assertThat(list.get(0).complete()).isTrue();
    }

    @Test
    void anyEndBetweenTwoPointsIsAStateToo() {
        final long[] three = threePoints();
        final RecoveryPoint inBatch = points.atSequence(three[0] + 1, ALL).point();
        assertThat(inBatch.frameEntries()).isEqualTo(1);
        final RecoveryPoint behindBatch = points.atSequence(three[0] + 2, ALL).point();
        assertThat(behindBatch.frameEntries()).isZero();
        assertThat(behindBatch.position()).isGreaterThan(inBatch.position());
        assertThat(behindBatch.position())
                .isLessThanOrEqualTo(points.list(ALL).get(1).position());
    }

    @Test
    void insideAnOpenWriteIsNoState() {
        added(1, WriteOrder.ORDERED);
        barrier(10, 1);
        final long first = next();
        final long open = send(stream.messages.batch(Extent.open(1, 0, new byte[512])), first);
        write(1, 1);
        barrier(11, 1);
        follow();
        assertThat(points.atSequence(open, ALL).refusal()).isEqualTo(Refusal.INSIDE_WRITE);
    }

    @Test
    void whatIsRefusedBySequenceSaysWhy() {
        final long[] three = threePoints();
        final long gap = state(1, WriteOrder.CONVERGING);
        write(1, 1);
        final long other = barrier(13, 2);
        final long converged = state(1, WriteOrder.ORDERED);
        final long whole = barrier(14, 1, 2);
        final long last = write(1, 1);
        follow();
        assertThat(points.atSequence(0, ALL).refusal()).isEqualTo(Refusal.NEVER_EXISTED);
        assertThat(points.atSequence(last + 1, ALL).refusal()).isEqualTo(Refusal.NOT_DURABLE);
        assertThat(sequenceOf(points.atSequence(last, ALL))).isEqualTo(last);
        assertThat(sequenceOf(points.latest(ALL))).isEqualTo(last);
        final PointChoice inGap = points.atSequence(gap + 1, ALL);
        assertThat(inGap.refusal()).isEqualTo(Refusal.CONVERGING);
        assertThat(inGap.reason()).contains(uuid(1).toString()).contains("sequence " + gap);
        assertThat(points.atSequence(other, ALL).refusal()).isEqualTo(Refusal.CONVERGING);
        assertThat(sequenceOf(points.atSequence(converged, ALL))).isEqualTo(converged);
        assertThat(sequenceOf(points.atSequence(other, Set.of(uuid(2))))).isEqualTo(other);
        assertThat(sequenceOf(points.atSequence(gap + 1, Set.of(uuid(2))))).isEqualTo(gap + 1);
        assertThat(points.atSequence(whole, Set.of(uuid(3))).refusal()).isEqualTo(Refusal.UNKNOWN_VOLUME);
        assertThat(points.list(ALL))
                .hasSize(4)
                .last()
                .extracting(RecoveryPoint::endOfResync)
                .isEqualTo(true);
        leases.raiseFloor(points.atSequence(three[1], ALL).point().position());
        assertThat(points.atSequence(three[0], ALL).refusal()).isEqualTo(Refusal.BELOW_FLOOR);
        assertThat(points.atSequence(three[0] + 1, ALL).refusal()).isEqualTo(Refusal.BELOW_FLOOR);
        points.dropBelowFloor();
        assertThat(points.atSequence(three[0], ALL).refusal()).isEqualTo(Refusal.BELOW_FLOOR);
        assertThat(sequenceOf(points.atSequence(three[1], ALL))).isEqualTo(three[1]);
    }

    @Test
    void whileAVolumeConvergesTheNewestStateIsThatBefore() {
        final long[] three = threePoints();
        state(1, WriteOrder.CONVERGING);
        final long write = write(2, 1);
        follow();
        assertThat(sequenceOf(points.latest(ALL))).isEqualTo(three[2]);
        assertThat(sequenceOf(points.latest(Set.of(uuid(2))))).isEqualTo(write);
    }

    @Test
    void damageWithdrawsTheStatesThatNeedIt() {
        final long[] three = threePoints();
        final List<RecoveryPoint> list = points.list(ALL);
        points.withdraw(list.get(0).position(), list.get(1).position());
        assertThat(points.atSequence(three[1], ALL).refusal()).isEqualTo(Refusal.DAMAGED);
        assertThat(points.atSequence(three[0] + 1, ALL).refusal()).isEqualTo(Refusal.DAMAGED);
        assertThat(points.list(ALL)).extracting(RecoveryPoint::sequence).containsExactly(three[0], three[2]);
        points.sync();
        openPoints();
        assertThat(points.atSequence(three[1], ALL).refusal()).isEqualTo(Refusal.DAMAGED);
    }

    @Test
    void aClockThatWasSetBackMakesTimesUncertainAndOrderStays() {
        added(1, WriteOrder.ORDERED);
        final long first = barrier(100, 1);
        final long jumped = barrier(50, 1);
        final long later = barrier(101, 1);
        follow();
        assertThat(sequenceOf(points.atTime(99 * SECOND, ALL))).isEqualTo(jumped);
        assertThat(sequenceOf(points.atTime(100 * SECOND, ALL))).isEqualTo(first);
        assertThat(sequenceOf(points.latest(ALL))).isEqualTo(later);
        assertThat(points.list(ALL)).extracting(RecoveryPoint::timeUncertain).containsExactly(true, true, false);
    }

    @Test
    void aNumberThatAnotherVolumeGotDoesNotConfuseThem() {
        added(1, WriteOrder.ORDERED);
        final long old = barrier(10, 1);
        final long removal = next();
        send(stream.messages.volumeRemoved(1), removal);
        final long again = next();
        send(stream.messages.volumeAdded(1, 77, 2 << 20, "other"), again);
        state(1, WriteOrder.ORDERED);
        final long young = barrier(11, 1);
        follow();
        assertThat(sequenceOf(points.latest(Set.of(uuid(1))))).isEqualTo(old);
        assertThat(sequenceOf(points.latest(Set.of(uuid(77))))).isEqualTo(young);
        assertThat(points.atSequence(old, Set.of(uuid(77))).refusal()).isEqualTo(Refusal.UNKNOWN_VOLUME);
        assertThat(points.latest(ALL).point().volumes())
                .containsExactly(new RecoveryPoint.PointVolume(uuid(77), 1, 2 << 20));
    }

    @Test
    void moreVolumesThanSlotsOverTimeGiveUpTheOldestRemovedOnes() {
        for (int volume = 0; volume < 100; volume++) {
            added(volume, WriteOrder.ORDERED);
            barrier(volume, volume);
            final long first = next();
            send(stream.messages.volumeRemoved(volume), first);
        }
        follow();
        points.sync();
        openPoints();
        assertThat(points.latest(Set.of(uuid(99))).isGranted()).isTrue();
        assertThat(points.latest(Set.of(uuid(36))).isGranted()).isTrue();
        assertThat(points.latest(Set.of(uuid(35))).isGranted()).isFalse();
    }

    @Test
    void pinsHoldTheFloorAndOutliveTheProcess() {
        final long[] three = threePoints();
        final RecoveryPoint second = points.atSequence(three[1], ALL).point();
        assertThat(points.pins().pin("before-upgrade", second)).isNull();
        assertThat(points.pins().pin("before-upgrade", second)).contains("already");
        assertThat(points.pins().pin("../x", second)).contains("letters");
        points.sync();
        disk.flip(PINS, 70, 4);
        disk.restart(SimulatedDisk.Survival.NONE);
        openAgain();
        assertThat(points.pins().sequences()).containsOnlyKeys("before-upgrade").containsValue(three[1]);
        final RecoveryPoint first = points.atSequence(three[0], ALL).point();
        assertThat(leases.raiseFloor(Long.MAX_VALUE)).isEqualTo(second.position());
        assertThat(points.pins().pin("too-late", first)).contains("below the floor");
        assertThat(points.pins().unpin("before-upgrade")).isNull();
        assertThat(leases.raiseFloor(second.position() + 1)).isEqualTo(second.position() + 1);
    }

    private void openAgain() {
        try {
            stream.open();
        } catch (final IOException e) {
            throw new IllegalStateException(e);
        }
        openPoints();
        follow();
    }

    @Test
    void theCatalogueIsMadeAgainFromTheJournalWhereverItIsDamaged() {
        threePoints();
        points.sync();
        final List<RecoveryPoint> before = points.list(ALL);
        final Random random = new Random(3);
        final int used = 4096 + 64 * 16;
        for (int i = 0; i < 400; i++) {
            final long at = random.nextInt(used);
            final int mask = 1 << random.nextInt(8);
            disk.flip(POINTS, at, mask);
            openPoints();
            final List<RecoveryPoint> trusted = points.list(ALL);
            assertThat(before).as("flip at %d", at).containsAll(trusted);
            follow();
            assertThat(points.list(ALL)).as("flip at %d", at).isEqualTo(before);
            disk.flip(POINTS, at, mask);
        }
    }

    @Test
    void aStopAtAnyWriteOfTheFileLosesNothing() throws IOException {
        for (long crashAt = 1; crashAt < 200; crashAt++) {
            final SimulatedDisk own = new SimulatedDisk(crashAt);
            final StreamRig rig = new StreamRig(own, crashAt, 16);
            rig.open();
            rig.connect();
            final ViewLeases ownLeases = new ViewLeases(0);
            final List<Long> sent = new java.util.ArrayList<>();
            boolean ended = false;
            for (int life = 0; life < 3; life++) {
                try {
                    runLife(rig, ownLeases, own, life == 0 ? crashAt : 5, sent);
                    ended = true;
                } catch (final SimulatedCrash e) {
                    own.restart(SimulatedDisk.Survival.RANDOM);
                    rig.open();
                    rig.connect();
                }
            }
            final RecoveryPoints again = RecoveryPoints.open(
                    own, StreamRig.STREAM, rig.state, rig.durable(), ownLeases, rig.journal::newReader);
            rig.follow(again.position(), again.follower());
            assertThat(again.list(ALL))
                    .extracting(RecoveryPoint::sequence)
                    .as("stop %d", crashAt)
                    .isEqualTo(sent);
            if (ended && crashAt > 100) {
                return;
            }
        }
    }

    /** Barriers made durable first, then followed with a disk that stops at some operation of the catalogue. */
    private static void runLife(
            final StreamRig rig,
            final ViewLeases leases,
            final SimulatedDisk disk,
            final long crashAfter,
            final List<Long> sent) {
        final RecoveryPoints points =
                RecoveryPoints.open(disk, StreamRig.STREAM, rig.state, rig.durable(), leases, rig.journal::newReader);
        final boolean isNew = sent.isEmpty();
        for (int i = 0; i < 30; i++) {
            if (isNew && i == 0) {
                final long first = rig.messages.nextSequence();
                rig.append(rig.messages.volumeAdded(1, 1, 1 << 20, "v1"), first);
                rig.append(rig.messages.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED), first + 1);
            }
            final long sequence = rig.messages.nextSequence();
            rig.append(rig.messages.barrier(sequence, BarrierKind.CRASH, i % 5 == 0 ? LONG_LABEL : "", 1), sequence);
            sent.add(sequence);
        }
        rig.settle();
        disk.crashAtOperation(disk.operations() + crashAfter);
        for (int i = 0; i < 30; i++) {
            rig.follow(points.position(), limited(points));
            points.sync();
        }
        disk.crashAtOperation(Long.MAX_VALUE);
    }

    /** A few frames at a time, so that there are many syncs. */
    private static org.farshore.dataplane.journal.JournalFrameHandler limited(final RecoveryPoints points) {
        final int[] left = {3};
        return (position, frame, buffer, offset, length) ->
                left[0]-- > 0 && points.follower().onFrame(position, frame, buffer, offset, length);
    }

    @Test
    void aFullDiskLeavesThePointsInMemoryAndTheFileComesLater() {
        disk.capacity(0);
        threePoints();
        points.sync();
        assertThat(points.fileComplaint()).contains("No space left");
        assertThat(points.list(ALL)).hasSize(3);
        disk.capacity(Long.MAX_VALUE);
        points.sync();
        assertThat(points.fileComplaint()).isNull();
        final List<RecoveryPoint> before = points.list(ALL);
        openPoints();
        assertThat(points.list(ALL)).isEqualTo(before);
    }

    @Test
    void entriesBelowTheFloorLeaveTheFile() {
        added(1, WriteOrder.ORDERED);
        for (int i = 0; i < 3000; i++) {
            barrier(i, 1);
        }
        follow();
        points.sync();
        final long before = disk.lengthOf(POINTS);
        final RecoveryPoint kept = points.list(ALL).get(2900);
        leases.raiseFloor(kept.position());
        points.dropBelowFloor();
        points.sync();
        assertThat(disk.lengthOf(POINTS)).isLessThan(before / 2);
        stream.retire(kept.position(), kept.sequence(), List.of(new VolumeState(1, 1, ~1L, 1 << 20, "v1", 2, true)));
        openPoints();
        assertThat(points.list(ALL)).hasSize(100).first().isEqualTo(kept);
    }

    @Test
    void aCatalogueOlderThanTheJournalBeginsAgainFromTheStateRecord() {
        threePoints();
        points.sync();
        for (int i = 0; i < 2500; i++) {
            barrier(20 + i, 1, 2);
        }
        stream.settle();
        final RecoveryPoints ahead = points;
        stream.follow(ahead.position(), ahead.follower());
        final RecoveryPoint kept = ahead.list(ALL).get(2450);
        stream.retire(
                kept.position(),
                kept.sequence(),
                List.of(
                        new VolumeState(1, 1, ~1L, 1 << 20, "v1", 2, true),
                        new VolumeState(2, 2, ~2L, 1 << 20, "v2", 2, true)));
        openPoints();
        assertThat(points.position()).isEqualTo(kept.position());
        assertThat(points.list(ALL))
                .as("the point at which the replicas stand")
                .extracting(RecoveryPoint::sequence)
                .containsExactly(kept.sequence());
        follow();
        assertThat(points.list(ALL)).extracting(RecoveryPoint::sequence).startsWith(kept.sequence());
        assertThat(points.latest(ALL)).isEqualTo(ahead.latest(ALL));
    }

    @Test
    void aCatalogueThatSawMoreThanTheJournalHasIsNotBelieved() {
        final long[] three = threePoints();
        points.sync();
        final long end = points.list(ALL).get(1).position();
        points = RecoveryPoints.open(
                disk, StreamRig.STREAM, stream.state, end, new ViewLeases(0), stream.journal::newReader);
        assertThat(points.list(ALL)).isEmpty();
        follow();
        assertThat(points.list(ALL)).extracting(RecoveryPoint::sequence).containsExactly(three[0], three[1], three[2]);
    }
}
