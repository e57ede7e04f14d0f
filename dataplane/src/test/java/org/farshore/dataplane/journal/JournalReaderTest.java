package org.farshore.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.junit.jupiter.api.Test;

class JournalReaderTest {
    private static final Path FIRST = JournalRig.JOURNAL.resolve("segment-00000");
    private static final JournalFrameHandler ACCEPT = (position, frame, buffer, offset, length) -> true;

    private final JournalRig rig = new JournalRig(new SimulatedDisk(6), 6);

    private void write(final int groups) {
        rig.open();
        rig.connect();
        for (int i = 0; i < groups; i++) {
            rig.appendSurely(700);
            rig.settle();
        }
    }

    private long begin() {
        return rig.journal.recovered().beginPosition();
    }

    private long durable() {
        return rig.journal.committer().durablePosition();
    }

    private static int offsetOf(final long position) {
        return (int) (position - JournalRig.SEGMENT_LENGTH);
    }

    @Test
    void frameThatTheHandlerRefusesComesAgain() {
        write(3);
        final List<Long> offered = new ArrayList<>();
        try (JournalReader reader = rig.journal.newReader(begin())) {
            final JournalFrameHandler once = (position, frame, buffer, offset, length) -> {
                offered.add(position);
                return offered.size() != 2;
            };
            assertThat(reader.poll(once, durable(), 10)).isEqualTo(1);
            assertThat(reader.poll(once, durable(), 10)).isEqualTo(3);
        }
        assertThat(offered).hasSize(5);
        assertThat(offered.get(2)).isEqualTo(offered.get(1));
    }

    @Test
    void nothingIsReadAtOrBehindTheLimit() {
        write(1);
        final long limit = durable();
        rig.appendSurely(700);
        rig.settle();
        try (JournalReader reader = rig.journal.newReader(begin())) {
            assertThat(reader.poll(ACCEPT, limit, 10)).isEqualTo(2);
            assertThat(reader.position()).isEqualTo(limit);
            assertThat(reader.poll(ACCEPT, limit, 10)).isZero();
            assertThat(reader.poll(ACCEPT, durable(), 10)).isEqualTo(1);
        }
    }

    @Test
    void bytesWrittenAfterTheFirstLookAreSeen() {
        write(1);
        try (JournalReader reader = rig.journal.newReader(begin())) {
            for (int i = 0; i < 200; i++) {
                reader.poll(ACCEPT, durable(), 100);
                rig.appendSurely(i * 11);
                rig.settle();
                assertThat(reader.poll(ACCEPT, durable(), 100)).isEqualTo(1);
                if (i % 40 == 39) {
                    rig.checkpoint();
                }
            }
        }
    }

    @Test
    void damageIsSaidAndCanBePassedOver() {
        write(2);
        final long damaged = durable();
        rig.appendSurely(700);
        rig.settle();
        final long behind = durable();
        rig.appendSurely(700);
        rig.settle();
        rig.disk.flip(FIRST, offsetOf(damaged) + 300, 2);
        try (JournalReader reader = rig.journal.newReader(begin())) {
            assertThatThrownBy(() -> reader.poll(ACCEPT, durable(), 10))
                    .isInstanceOfSatisfying(
                            JournalDamageException.class,
                            e -> assertThat(e.position()).isEqualTo(damaged))
                    .hasMessageContaining("journal");
            final DamagedRange range = reader.skipDamage(durable());
            assertThat(range.from()).isEqualTo(damaged);
            assertThat(range.to()).isEqualTo(behind);
            assertThat(reader.poll(ACCEPT, durable(), 10)).isEqualTo(1);
        }
    }

    @Test
    void misdirectedFramesAreRefusedWhereTheyDoNotBelong() throws IOException {
        write(1);
        final int from = offsetOf(durable());
        rig.appendSurely(700);
        rig.settle();
        final long wronged = durable();
        rig.appendSurely(700);
        rig.settle();
        rig.confirm();
        final ByteBuffer block = ByteBuffer.allocate(JournalLimits.BLOCK_LENGTH);
        final BlockFile disk = rig.disk.open(FIRST, BlockFiles.Mode.WRITE);
        disk.read(block, from);
        disk.write(block.flip(), offsetOf(wronged));
        disk.sync();
        try (JournalReader reader = rig.journal.newReader(begin())) {
            assertThatThrownBy(() -> reader.poll(ACCEPT, durable(), 10))
                    .isInstanceOfSatisfying(
                            JournalDamageException.class,
                            e -> assertThat(e.position()).isEqualTo(wronged));
        }
        rig.disk.restart(Survival.NONE);
        assertThat(rig.open().damages()).hasSize(1).allMatch(range -> range.from() == wronged);
    }

    @Test
    void restOfATornGroupAtTheEndOfASegmentIsNotHandedOut() {
        write(0);
        rig.pumpUntil(() -> {
            rig.appendSurely(20_000);
            rig.settle();
            return offsetOf(durable()) > JournalRig.SEGMENT_LENGTH - 60_000;
        });
        final long end = durable();
        rig.append(500);
        rig.append(20_000);
        rig.settle();
        assertThat(offsetOf(durable())).isLessThan(JournalRig.SEGMENT_LENGTH);
        rig.disk.restart(Survival.NONE);
        rig.disk.flip(FIRST, offsetOf(end) + 8_000, 1);
        assertThat(rig.open().endPosition()).isEqualTo(end);

        rig.appendedSequence = rig.journal.recovered().endSequence();
        rig.appendSurely(60_000);
        rig.settle();
        assertThat(offsetOf(durable())).isGreaterThan(JournalRig.SEGMENT_LENGTH);
        final List<JournalRig.Seen> read = rig.read(begin());
        assertThat(read.get(read.size() - 1).bodyLength()).isEqualTo(60_000);
        assertThat(read).noneMatch(frame -> frame.position() == end);
        rig.disk.restart(Survival.NONE);
        assertThat(rig.open().damages()).isEmpty();
        assertThat(rig.replayed).isEqualTo(read);
    }
}
