package org.farshore.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.StreamLimits;
import org.junit.jupiter.api.Test;

class JournalWriterTest {
    private final JournalRig rig = new JournalRig(new SimulatedDisk(5), 5);

    private void start() {
        rig.open();
        rig.connect();
        rig.pumpUntil(() -> rig.step() == 0);
    }

    @Test
    void bodyHoldsTheLongestMessageOfTheProtocol() {
        assertThat(JournalLimits.BODY_LENGTH_MAX).isEqualTo(StreamLimits.MESSAGE_LENGTH_MAX);
        start();
        assertThat(rig.append(JournalLimits.BODY_LENGTH_MAX)).isTrue();
        assertThatThrownBy(() -> rig.journal.writer().ensureRoom(JournalLimits.BODY_LENGTH_MAX + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nothingIsAcknowledgedBeforeItsSync() {
        start();
        final long before = rig.journal.writer().durableEndSequence();
        rig.append(100);
        rig.journal.writer().doWork(rig.clocks.nanoTime());
        assertThat(rig.journal.writer().durableEndSequence()).isEqualTo(before);
        rig.journal.committer().doWork(rig.clocks.nanoTime());
        rig.journal.writer().doWork(rig.clocks.nanoTime());
        assertThat(rig.journal.writer().durableEndSequence()).isEqualTo(before + 1);
        rig.disk.restart(Survival.NONE);
        assertThat(rig.open().endSequence()).isEqualTo(before + 1);
    }

    @Test
    void framesGatherWhileAGroupIsUnderWayAndWaitNoLongerThanTheLimit() {
        start();
        final JournalWriter writer = rig.journal.writer();
        rig.append(100);
        writer.doWork(rig.clocks.nanoTime());
        final long closedAt = writer.endPosition();
        rig.append(100);
        rig.append(100);
        writer.doWork(rig.clocks.nanoTime());
        assertThat(writer.endPosition()).isEqualTo(closedAt);
        rig.clocks.advance(JournalLimits.GROUP_WAIT_NS_MAX);
        writer.doWork(rig.clocks.nanoTime());
        assertThat(writer.endPosition()).isEqualTo(closedAt + JournalLimits.BLOCK_LENGTH);
    }

    @Test
    void roomThatNothingIsPutIntoWritesNothing() {
        start();
        rig.clocks.advance(JournalLimits.GROUP_WAIT_NS_MAX);
        rig.pumpUntil(() -> rig.step() == 0);
        final JournalWriter writer = rig.journal.writer();
        final long before = writer.endPosition();
        for (int i = 0; i < 100; i++) {
            assertThat(writer.ensureRoom(100)).isTrue();
            rig.clocks.advance(JournalLimits.GROUP_WAIT_NS_MAX);
            rig.step();
        }
        writer.closeGroup();
        assertThat(writer.endPosition()).isEqualTo(before);
        assertThat(writer.isAllDurable()).isTrue();
    }

    @Test
    void newestGroupIsConfirmedWhileRoomWaits() {
        start();
        final JournalWriter writer = rig.journal.writer();
        rig.append(100);
        rig.pumpUntil(writer::isAllDurable);
        final long before = writer.endPosition();
        writer.ensureRoom(100);
        rig.clocks.advance(JournalLimits.GROUP_WAIT_NS_MAX);
        writer.doWork(rig.clocks.nanoTime());
        assertThat(writer.endPosition()).isEqualTo(before + JournalLimits.BLOCK_LENGTH);
    }

    @Test
    void moreThanFourGroupsUnderWayAreBackPressure() {
        start();
        int groups = 0;
        while (rig.append(4000)) {
            rig.journal.writer().closeGroup();
            groups++;
        }
        assertThat(groups).isEqualTo(JournalLimits.GROUPS_MAX);
        rig.settle();
        assertThat(rig.append(4000)).isTrue();
    }

    @Test
    void journalAtItsLimitIsBackPressureUntilTheHorizonMoves() {
        start();
        long appended = 0;
        for (int idle = 0; idle < 50; ) {
            if (rig.append(50_000)) {
                appended += 50_000;
                idle = 0;
            } else {
                rig.step();
                idle++;
            }
        }
        assertThat(appended).isBetween(600_000L, (long) rig.segments * JournalRig.SEGMENT_LENGTH);
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_SEGMENTS, "rig")).isEqualTo(rig.segments);
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_REUSED, "rig")).isZero();
        rig.settle();
        rig.checkpoint();
        rig.pumpUntil(() -> rig.append(50_000));
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_REUSED, "rig")).isPositive();
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_SEGMENTS, "rig")).isEqualTo(rig.segments);
    }

    @Test
    void fullDiskHoldsTheWriterBackAndNothingElse() {
        // Room for a third segment, but not for the reserve behind it.
        final long capacity = StateFile.COPY_LENGTH * 2L + 4L * JournalRig.SEGMENT_LENGTH - 1;
        rig.disk.capacity(capacity);
        start();
        for (int idle = 0; idle < 50; ) {
            if (rig.append(50_000)) {
                idle = 0;
            } else {
                rig.step();
                idle++;
            }
        }
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_SEGMENTS, "rig")).isEqualTo(2);
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_HELD, "rig")).isEqualTo(1);
        rig.settle();
        rig.checkpoint();
        rig.pumpUntil(() -> rig.append(50_000));
        rig.settle();
        rig.disk.capacity(capacity + 1);
        rig.pumpUntil(() -> rig.counters.get(ReplicationCounter.JOURNAL_SEGMENTS, "rig") == 3 || !rig.append(50_000));
        rig.clocks.advance(10_000_000_000L);
        rig.pumpUntil(() -> rig.counters.get(ReplicationCounter.JOURNAL_SEGMENTS, "rig") == 3);
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_HELD, "rig")).isZero();
        rig.settle();
        rig.disk.restart(Survival.NONE);
        assertThat(rig.open().endSequence()).isEqualTo(rig.appendedSequence);
    }

    @Test
    void directWritesComeBeforeTheirGroupAndOnce() {
        start();
        final List<Long> durableWhenRun = new ArrayList<>();
        final JournalWriter writer = rig.journal.writer();
        assertThat(writer.ensureRoom(100)).isTrue();
        writer.attach(() -> durableWhenRun.add(rig.journal.committer().durablePosition()));
        final long begin = writer.endPosition();
        rig.append(100);
        rig.settle();
        assertThat(durableWhenRun).containsExactly(begin);
        rig.append(100);
        rig.settle();
        assertThat(durableWhenRun).hasSize(1);
    }

    @Test
    void directWriteThatFailsHoldsItsGroupUntilItWorks() {
        start();
        final long durable = rig.journal.committer().durablePosition();
        final boolean[] works = {false};
        final List<String> ran = new ArrayList<>();
        rig.journal.writer().ensureRoom(100);
        rig.journal.writer().attach(() -> ran.add("first"));
        rig.journal.writer().attach(() -> {
            if (!works[0]) {
                throw new IOException("/replica.img: No space left on device");
            }
            ran.add("second");
        });
        rig.append(100);
        for (int i = 0; i < 300; i++) {
            rig.step();
        }
        assertThat(rig.journal.committer().durablePosition()).isEqualTo(durable);
        assertThat(rig.journal.writer().isPoisoned()).isFalse();
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_HELD, "rig")).isEqualTo(2);
        works[0] = true;
        rig.clocks.advance(3_000_000_000L);
        rig.settle();
        assertThat(ran).containsExactly("first", "second");
        assertThat(rig.journal.committer().durablePosition()).isGreaterThan(durable);
        assertThat(rig.counters.get(ReplicationCounter.JOURNAL_HELD, "rig")).isZero();
    }

    @Test
    void afterAFailedSyncNothingIsWrittenOrSyncedAgain() {
        start();
        rig.append(100);
        rig.journal.writer().closeGroup();
        rig.disk.failOperation(rig.disk.operations() + 2);
        assertThatThrownBy(rig::step).isInstanceOf(FarshoreException.class);
        final long operations = rig.disk.operations();
        rig.append(100);
        for (int i = 0; i < 300; i++) {
            rig.step();
        }
        assertThat(rig.disk.operations()).isEqualTo(operations);
    }

    @Test
    void idleStreamNamesItsLastGroupDurableOnce() {
        start();
        rig.append(100);
        rig.settle();
        final long end = rig.journal.writer().endPosition();
        for (int i = 0; i < 1_000; i++) {
            rig.step();
        }
        assertThat(rig.journal.writer().endPosition()).isEqualTo(end + JournalLimits.BLOCK_LENGTH);
    }

    @Test
    void segmentsAreReusedUnderNewNumbersForManyRounds() {
        start();
        final int segmentsWritten = 40;
        long from = rig.journal.recovered().beginPosition();
        while (rig.journal.writer().endPosition() < (long) segmentsWritten * JournalRig.SEGMENT_LENGTH) {
            rig.appendSurely(40_000);
            rig.settle();
            if (rig.appendedSequence % 7 == 0) {
                assertThat(rig.read(from)).isNotEmpty();
                from = rig.journal.writer().durablePosition();
                rig.checkpoint();
            }
            if (rig.appendedSequence % 31 == 0) {
                rig.disk.restart(Survival.RANDOM);
                assertThat(rig.open().damages()).isEmpty();
                assertThat(rig.journal.recovered().endSequence()).isEqualTo(rig.appendedSequence);
                rig.connect();
            }
        }
        assertThat(rig.disk.list(JournalRig.JOURNAL)).hasSize(rig.segments);
    }
}
