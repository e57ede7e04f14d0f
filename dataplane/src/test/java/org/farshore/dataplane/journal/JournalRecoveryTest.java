package org.farshore.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.junit.jupiter.api.Test;

class JournalRecoveryTest {
    private static final Path FIRST = JournalRig.JOURNAL.resolve("segment-00000");
    private static final Path SECOND = JournalRig.JOURNAL.resolve("segment-00001");

    private final JournalRig rig = new JournalRig(new SimulatedDisk(3), 3);

    /** Opens, connects, and makes {@code groups} groups of two records durable. */
    private void write(final int groups) {
        rig.open();
        rig.connect();
        for (int i = 0; i < groups; i++) {
            rig.appendSurely(700);
            rig.appendSurely(3_000);
            rig.settle();
        }
    }

    private RecoveredJournal reopen(final Survival survival) {
        rig.disk.restart(survival);
        return rig.open();
    }

    private long segmentEnd(final long segment) {
        return (segment + 1) * JournalRig.SEGMENT_LENGTH;
    }

    @Test
    void newJournalIsEmptyAndTakesFramesOnceItsFirstSegmentIsWritten() {
        final RecoveredJournal recovered = rig.open();
        assertThat(recovered.endPosition()).isEqualTo(JournalRig.SEGMENT_LENGTH + 4096);
        assertThat(recovered.endSequence()).isZero();
        assertThat(rig.append(100)).isFalse();
        rig.pumpUntil(() -> rig.append(100));
        rig.settle();
        assertThat(rig.acknowledgedSequence).isEqualTo(1);
    }

    @Test
    void newestIncarnationNamesTheCapture() {
        write(1);
        final RecoveredJournal recovered = reopen(Survival.NONE);
        assertThat(recovered.incarnation()).isEqualTo(1);
        assertThat(recovered.captureIdHigh()).isEqualTo(7);
        assertThat(recovered.captureIdLow()).isEqualTo(8);
        assertThat(recovered.endSequence()).isEqualTo(2);
        assertThat(recovered.capturePosition()).isEqualTo(2_000);
        assertThat(recovered.frameCount()).isEqualTo(3);
    }

    @Test
    void anyFlippedByteIsReportedAndNothingBehindItIsLost() {
        write(6);
        rig.confirm();
        final RecoveredJournal healthy = reopen(Survival.NONE);
        final int end = (int) (healthy.endPosition() - JournalRig.SEGMENT_LENGTH);
        final int confirmation = end - JournalLimits.BLOCK_LENGTH;
        for (int offset = JournalLimits.SEGMENT_HEADER_LENGTH; offset < confirmation; offset += stride(offset)) {
            rig.disk.flip(FIRST, offset, 0x10);
            final RecoveredJournal recovered = rig.open();
            assertThat(recovered.damages()).as("byte " + offset).hasSize(1);
            final DamagedRange damage = recovered.damages().get(0);
            assertThat(damage.from()).isLessThanOrEqualTo(JournalRig.SEGMENT_LENGTH + offset);
            assertThat(damage.to()).isGreaterThan(JournalRig.SEGMENT_LENGTH + offset);
            assertThat(recovered.endPosition()).isEqualTo(healthy.endPosition());
            assertThat(recovered.endSequence()).isEqualTo(healthy.endSequence());
            rig.disk.flip(FIRST, offset, 0x10);
        }
        assertThat(rig.open().damages()).isEmpty();
    }

    /** Every byte of the first group's frame header, then a sample that meets every field and alignment. */
    private static int stride(final int offset) {
        return offset < JournalLimits.SEGMENT_HEADER_LENGTH + JournalFrameFlyweight.HEADER_LENGTH ? 1 : 29;
    }

    @Test
    void flippedByteInTheNewestGroupIsNotSilent() {
        write(3);
        final RecoveredJournal healthy = reopen(Survival.NONE);
        final int end = (int) (healthy.endPosition() - JournalRig.SEGMENT_LENGTH);
        for (int offset = end - JournalLimits.BLOCK_LENGTH; offset < end; offset += 31) {
            rig.disk.flip(FIRST, offset, 0x04);
            final RecoveredJournal recovered = rig.open();
            assertThat(recovered.endSequence()).isLessThan(healthy.endSequence());
            assertThat(recovered.tornLength()).as("byte " + offset).isPositive();
            rig.disk.flip(FIRST, offset, 0x04);
        }
    }

    @Test
    void newestGroupThatTheStateNamesDurableIsRotNotATornTail() {
        write(3);
        rig.checkpoint();
        final long durable = rig.journal.writer().durablePosition();
        rig.appendSurely(500);
        rig.settle();
        rig.state = copyWithDurable(rig.state, rig.journal.writer().durablePosition());
        rig.stateFile.store(rig.state);
        reopen(Survival.NONE);

        rig.disk.flip(FIRST, durable - JournalRig.SEGMENT_LENGTH + 40, 1);
        final RecoveredJournal recovered = rig.open();
        assertThat(recovered.damages()).hasSize(1);
        assertThat(recovered.damages().get(0).from()).isEqualTo(durable);
        assertThat(recovered.endPosition()).isEqualTo(rig.state.durablePosition());
    }

    private static StreamState copyWithDurable(final StreamState state, final long durable) {
        return new StreamState(
                state.machineIdHigh(),
                state.machineIdLow(),
                state.segmentLength(),
                state.generation(),
                state.incarnation(),
                state.captureIdHigh(),
                state.captureIdLow(),
                state.floor(),
                state.horizon(),
                state.appliedPosition(),
                state.appliedSequence(),
                state.appliedCapturePosition(),
                durable,
                state.volumes());
    }

    @Test
    void damageIsReportedAtEveryStartAndNeverWrittenOver() {
        write(4);
        rig.confirm();
        reopen(Survival.NONE);
        rig.disk.flip(FIRST, JournalLimits.SEGMENT_HEADER_LENGTH + 200, 1);
        final DamagedRange damage = rig.open().damages().get(0);
        for (int life = 0; life < 3; life++) {
            rig.connect();
            rig.appendSurely(900);
            rig.settle();
            assertThat(reopen(Survival.RANDOM).damages()).containsExactly(damage);
        }
    }

    @Test
    void restOfAnOlderTornGroupNeverCompletesANewerOne() throws IOException {
        write(1);
        final int place = (int) (rig.journal.writer().endPosition() - JournalRig.SEGMENT_LENGTH);
        for (int i = 0; i < 3; i++) {
            rig.appendSurely(4_096 - JournalFrameFlyweight.HEADER_LENGTH);
        }
        rig.settle();
        reopen(Survival.NONE);
        final ByteBuffer older = ByteBuffer.allocate(4 * 4096);
        final BlockFile disk = rig.disk.open(FIRST, BlockFiles.Mode.WRITE);
        disk.read(older, place);
        disk.write(ByteBuffer.allocate(4096), place);
        disk.sync();

        final long end = rig.open().endPosition();
        assertThat(end).isEqualTo(JournalRig.SEGMENT_LENGTH + place);
        rig.appendedSequence = rig.journal.recovered().endSequence();
        for (int i = 0; i < 3; i++) {
            rig.appendSurely(4_096 - JournalFrameFlyweight.HEADER_LENGTH);
        }
        rig.settle();
        assertThat(reopen(Survival.NONE).endPosition()).isGreaterThan(end);

        rig.disk.open(FIRST, BlockFiles.Mode.WRITE).write(older.position(4096), place + 4096);
        final RecoveredJournal mixed = reopen(Survival.ALL);
        assertThat(mixed.endPosition()).isEqualTo(end);
        assertThat(mixed.tornLength()).isPositive();
    }

    @Test
    void groupTornAtTheBeginOfASegmentDoesNotLetTheSegmentBeforeGrowAgain() {
        write(1);
        rig.pumpUntil(() -> {
            rig.appendSurely(60_000);
            rig.settle();
            return rig.journal.writer().endPosition() > segmentEnd(1) - 60_000;
        });
        final long endOfFirst = rig.journal.writer().endPosition();
        rig.appendSurely(60_000);
        rig.settle();
        assertThat(rig.journal.writer().endPosition()).isGreaterThan(segmentEnd(1));
        reopen(Survival.NONE);
        rig.disk.flip(SECOND, JournalLimits.SEGMENT_HEADER_LENGTH + 60_300, 1);

        final RecoveredJournal torn = rig.open();
        assertThat(torn.endPosition()).isEqualTo(endOfFirst);
        assertThat(torn.writeSegment()).isEqualTo(2);
        rig.connect();
        rig.appendSurely(10);
        rig.settle();
        assertThat(rig.journal.writer().durablePosition()).isGreaterThan(segmentEnd(1));
        final RecoveredJournal again = reopen(Survival.NONE);
        assertThat(again.damages()).isEmpty();
        assertThat(again.endSequence()).isEqualTo(rig.appendedSequence);
        assertThat(rig.read(again.beginPosition())).isEqualTo(rig.replayed);
    }

    @Test
    void segmentWhoseHeaderIsDamagedIsKnownByItsFrames() {
        write(3);
        rig.confirm();
        final RecoveredJournal healthy = reopen(Survival.NONE);
        rig.disk.flip(FIRST, 20, 0xFF);
        final RecoveredJournal recovered = rig.open();
        assertThat(recovered).isEqualTo(healthy);
        assertThat(rig.read(recovered.beginPosition())).hasSize((int) recovered.frameCount());
    }

    @Test
    void missingSegmentFileIsDamageUpToTheNextOne() throws IOException {
        write(1);
        rig.pumpUntil(() -> {
            rig.appendSurely(50_000);
            rig.settle();
            return rig.journal.writer().endPosition() > segmentEnd(1) + 100_000;
        });
        final RecoveredJournal healthy = reopen(Survival.NONE);
        rig.disk.delete(FIRST);
        final RecoveredJournal recovered = rig.open();
        assertThat(recovered.damages()).hasSize(1);
        assertThat(recovered.damages().get(0).to()).isEqualTo(segmentEnd(1) + 4096);
        assertThat(recovered.endSequence()).isEqualTo(healthy.endSequence());
    }

    @Test
    void journalLostAltogetherIsDamageUpToWhatTheStateNames() throws IOException {
        write(5);
        rig.checkpoint();
        reopen(Survival.NONE);
        for (final String name : rig.disk.list(JournalRig.JOURNAL)) {
            rig.disk.delete(JournalRig.JOURNAL.resolve(name));
        }
        final RecoveredJournal recovered = rig.open();
        assertThat(recovered.endSequence()).isEqualTo(rig.state.appliedSequence());
        assertThat(recovered.endPosition()).isGreaterThanOrEqualTo(rig.state.durablePosition());
        rig.connect();
        rig.appendSurely(100);
        rig.settle();
        assertThat(reopen(Survival.NONE).endSequence()).isEqualTo(rig.appendedSequence);
    }

    @Test
    void groupWhoseSyncFailedIsNotTakenFromThePageCache() {
        write(2);
        final long acknowledged = rig.acknowledgedSequence;
        rig.appendSurely(2_000);
        rig.journal.writer().closeGroup();
        rig.disk.failOperation(rig.disk.operations() + 2);
        assertThatThrownBy(rig::step)
                .isInstanceOfSatisfying(
                        FarshoreException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STORAGE))
                .hasMessageContaining("journal")
                .hasMessageContaining("segment-00000");
        final RecoveredJournal recovered = rig.open();
        assertThat(recovered.endSequence()).isGreaterThanOrEqualTo(acknowledged);
        assertThat(recovered.endSequence()).isEqualTo(reopen(Survival.NONE).endSequence());
    }

    @Test
    void otherSegmentLengthIsRefused() {
        write(1);
        reopen(Survival.NONE);
        final StreamState other =
                StreamState.initial(JournalRig.MACHINE_HIGH, JournalRig.MACHINE_LOW, 2 * JournalRig.SEGMENT_LENGTH);
        rig.stateFile.store(other);
        assertThatThrownBy(rig::open)
                .isInstanceOfSatisfying(
                        FarshoreException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIGURATION));
    }
}
