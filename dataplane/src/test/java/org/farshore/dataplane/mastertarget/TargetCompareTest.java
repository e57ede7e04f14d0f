package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_HIGH;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_LOW;
import static org.farshore.dataplane.mastertarget.TargetHarness.filled;

import java.nio.ByteBuffer;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.PieceHasher;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.farshore.dataplane.ship.StreamLimits;
import org.junit.jupiter.api.Test;

class TargetCompareTest {
    static final int PIECE = StreamLimits.PIECE_LENGTH;
    static final int SIZE = 9 * PIECE + 8192;
    static final long CAPTURE = 1;

    final TargetHarness target = new TargetHarness(8);
    final MessageWriter writer = new MessageWriter(MACHINE_HIGH, MACHINE_LOW);
    final byte[] source = new byte[SIZE];
    private final byte[] key = new byte[PieceHasher.KEY_LENGTH];

    @Test
    void shouldNameExactlyThePiecesThatDifferAsTheStreamStandsThere() {
        new Random(1).nextBytes(key);
        final TestSender sender = target.start().welcomed(CAPTURE);
        writer.begin(1, 1, 1, 0);
        send(sender, writer.volumeAdded(3, 7, SIZE, "data"));
        write(sender, 0, 4096, 1);
        write(sender, 5 * PIECE, 512, 2);
        write(sender, SIZE - 512, 512, 3);
        source[2 * PIECE + 7] = 1;
        source[9 * PIECE] ^= 1;
        send(sender, hashes(0, 10));
        target.until(sender, () -> sender.differs.size() == 1);
        assertThat(sender.differs.get(0)).containsExactly(1 << 2, 1 << 1);
        write(sender, 0, 512, 9);
        send(sender, hashes(0, 1));
        source[0] ^= 1;
        send(sender, hashes(0, 1));
        target.until(sender, () -> sender.differs.size() == 3);
        assertThat(sender.differs.get(1)).containsExactly(0);
        assertThat(sender.differs.get(2)).containsExactly(1);
        assertThat(target.counters.get(ReplicationCounter.COMPARE_READ_BYTES, TargetHarness.MACHINE))
                .isEqualTo(SIZE + 2 * PIECE);
    }

    @Test
    void shouldAnswerWithoutWaitingForTheNextCheckpoint() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        writer.begin(1, 1, 1, 0);
        send(sender, writer.volumeAdded(3, 7, SIZE, "data"));
        send(sender, hashes(0, 10));
        final long begunNs = target.clocks.nanoTime();
        target.until(sender, () -> sender.differs.size() == 1);
        assertThat(target.clocks.nanoTime() - begunNs).isLessThan(100_000_000L);
    }

    @Test
    void shouldNotAnswerTheNextConnectionWithWhatTheLastOneAsked() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        writer.begin(1, 1, 1, 0);
        send(sender, writer.volumeAdded(3, 7, SIZE, "data"));
        send(sender, hashes(0, 10));
        target.step(0);
        sender.close();
        final TestSender again = target.welcomed(CAPTURE);
        for (int i = 0; i < 3000; i++) {
            target.step();
            again.poll();
        }
        assertThat(again.differs).isEmpty();
    }

    void write(final TestSender sender, final int offset, final int length, final int value) {
        final byte[] bytes = filled(length, value);
        System.arraycopy(bytes, 0, source, offset, length);
        send(sender, writer.batch(Extent.write(3, offset, bytes)));
    }

    MessageWriter hashes(final int first, final int count) {
        final byte[] hashes = new byte[count * PieceHasher.HASH_LENGTH];
        final UnsafeBuffer direct = new UnsafeBuffer(ByteBuffer.allocateDirect(SIZE));
        direct.putBytes(0, source);
        try (PieceHasher hasher = new PieceHasher()) {
            hasher.key(new UnsafeBuffer(key), 0);
            for (int i = 0; i < count; i++) {
                final int at = (first + i) * PIECE;
                hasher.hash(
                        3,
                        first + i,
                        direct,
                        at,
                        Math.min(PIECE, SIZE - at),
                        new UnsafeBuffer(hashes),
                        i * PieceHasher.HASH_LENGTH);
            }
        }
        return writer.pieceHashes(3, first, key, hashes);
    }

    void send(final TestSender sender, final MessageWriter message) {
        final byte[] bytes = message.bytes();
        target.until(sender, () -> sender.send(bytes));
    }
}
