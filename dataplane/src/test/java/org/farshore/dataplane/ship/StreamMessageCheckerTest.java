package org.farshore.dataplane.ship;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.farshore.dataplane.volume.VolumeTable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StreamMessageCheckerTest {
    private static final long SIZE = 1 << 20;
    private static final int COUNT_OFFSET = 8 + 64;
    private static final int GROUP_OFFSET = 8 + 80;

    private final MessageWriter writer = new MessageWriter(1, 2);
    private final StreamMessageChecker checker = new StreamMessageChecker();
    private final VolumeTable volumes = new VolumeTable();
    private final Random random = new Random(11);

    @BeforeEach
    void begin() {
        writer.begin(1, 1, 1, 0);
        checker.begin(1, 2, 1, 1, 1);
        take(writer.volumeAdded(1, 77, SIZE, "data"));
    }

    @Test
    void shouldTakeEveryKindOfMessageInOrder() {
        take(writer.batch(Extent.write(1, 0, bytes(512)), Extent.open(1, 4096, bytes(4096))));
        take(writer.batch(Extent.write(1, 8192, bytes(4096)), Extent.empty(1, ExtentKind.DISCARD, 0, SIZE)));
        take(writer.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED));
        take(writer.barrier(1));
        take(writer.volumeResized(1, 2 * SIZE));
        take(writer.pieceHashes(1, 0, bytes(32), bytes(16 * 32)));
        take(writer.volumeRemoved(1));
        assertThat(checker.nextSequence()).isEqualTo(writer.nextSequence());
        assertThat(checker.endSequence()).isEqualTo(writer.endSequence());
        assertThat(volumes.size()).isZero();
    }

    @Test
    void shouldFindTheSameMessageGoodTwiceBeforeItIsAccepted() {
        writer.batch(Extent.write(1, 0, bytes(512)));
        assertThat(check()).isNull();
        assertThat(check()).isNull();
        checker.accept();
        assertThat(check()).contains("sequence 2 where 3 is next");
    }

    @Test
    void shouldRefuseAGap() {
        writer.batch(Extent.write(1, 0, bytes(512)));
        writer.batch(Extent.write(1, 0, bytes(512)));
        assertThat(check()).contains("sequence 3 where 2 is next");
    }

    @Test
    void shouldRefuseARenumberedResend() {
        final MessageWriter other = new MessageWriter(1, 2).begin(1, 1, 1, 0);
        other.batch(Extent.write(1, 0, bytes(512)));
        other.batch(Extent.write(1, 512, bytes(512)));
        assertThat(checker.check(other.buffer(), 0, other.length())).contains("chain broken at sequence 2");
    }

    @Test
    void shouldRefuseAnotherMachineGenerationOrIncarnation() {
        for (final MessageWriter other : List.of(
                new MessageWriter(1, 3).begin(1, 1, 2, 0),
                new MessageWriter(1, 2).begin(2, 1, 2, 0),
                new MessageWriter(1, 2).begin(1, 2, 2, 0))) {
            other.batch(Extent.write(1, 0, bytes(512)));
            assertThat(checker.check(other.buffer(), 0, other.length())).isNotNull();
        }
    }

    @Test
    void shouldRefuseEveryFlippedBit() {
        writer.batch(Extent.write(1, 0, bytes(512)));
        for (int bit = 0; bit < writer.length() * 8; bit++) {
            flip(bit);
            assertThat(check()).as("bit " + bit).isNotNull();
            flip(bit);
        }
        assertThat(check()).isNull();
    }

    @Test
    void shouldRefuseHostileLengthsUnderAGoodChecksum() {
        refused("table", b -> b.putShort(GROUP_OFFSET + 2, (short) 0xFFFF, ByteOrder.LITTLE_ENDIAN));
        refused("table", b -> b.putShort(GROUP_OFFSET + 2, (short) 0, ByteOrder.LITTLE_ENDIAN));
        refused("table", b -> b.putShort(GROUP_OFFSET, (short) 1, ByteOrder.LITTLE_ENDIAN));
        refused("data of", b -> b.putInt(GROUP_OFFSET + 4 + 24, -1, ByteOrder.LITTLE_ENDIAN));
        refused("data of", b -> b.putInt(GROUP_OFFSET + 4 + 24, 1 << 30, ByteOrder.LITTLE_ENDIAN));
        refused("ends at", b -> b.putInt(GROUP_OFFSET + 4 + 24, 0, ByteOrder.LITTLE_ENDIAN));
        refused("block of", b -> b.putShort(0, (short) 0xFFFF, ByteOrder.LITTLE_ENDIAN));
        refused("block of", b -> b.putShort(0, (short) 8, ByteOrder.LITTLE_ENDIAN));
        refused("record count", b -> b.putInt(COUNT_OFFSET, Integer.MAX_VALUE, ByteOrder.LITTLE_ENDIAN));
        refused("record count", b -> b.putInt(COUNT_OFFSET, -1, ByteOrder.LITTLE_ENDIAN));
        refused("payload of", b -> b.putInt(8 + 72, 1024, ByteOrder.LITTLE_ENDIAN));
        refused("extent 0", b -> b.putLong(GROUP_OFFSET + 4, 100, ByteOrder.LITTLE_ENDIAN));
        refused("extent 0", b -> b.putLong(GROUP_OFFSET + 4, -512, ByteOrder.LITTLE_ENDIAN));
        refused("extent 0", b -> b.putLong(GROUP_OFFSET + 4, Long.MAX_VALUE & -512L, ByteOrder.LITTLE_ENDIAN));
        refused("extent 0", b -> b.putLong(GROUP_OFFSET + 12, 0, ByteOrder.LITTLE_ENDIAN));
        refused("extent 0", b -> b.putLong(GROUP_OFFSET + 12, 1 << 16, ByteOrder.LITTLE_ENDIAN));
        refused("extent 0", b -> b.putByte(GROUP_OFFSET + 4 + 18, (byte) 9));
        refused("extent 0", b -> b.putByte(GROUP_OFFSET + 4 + 19, (byte) 0x81));
        refused("continues", b -> b.putByte(GROUP_OFFSET + 4 + 19, (byte) 3));
        refused("end sequence", b -> b.putByte(GROUP_OFFSET + 4 + 19, (byte) 0));
    }

    @Test
    void shouldRefuseExtentsOutsideTheVolumeOrWithoutOne() {
        writer.batch(Extent.empty(1, ExtentKind.ZERO, SIZE - 512, 1024));
        assertThat(check()).isNull();
        assertThat(checker.checkVolumes(volumes)).contains("beyond volume data");
        writer.begin(1, 1, 2, 64);
        final MessageWriter other = new MessageWriter(1, 2).begin(1, 1, 1, 0);
        other.volumeAdded(1, 77, SIZE, "data").batch(Extent.write(9, 0, bytes(512)));
        assertThat(checker.check(other.buffer(), 0, other.length())).isNull();
        assertThat(checker.checkVolumes(volumes)).contains("unknown volume 9");
    }

    @Test
    void shouldRefuseVolumesThatShrinkOrShareOrEscapeTheirDirectory() {
        refusedVolume(writer -> writer.volumeResized(1, SIZE - 512), "shrinks");
        refusedVolume(writer -> writer.volumeAdded(1, 78, SIZE, "other"), "another");
        refusedVolume(writer -> writer.volumeAdded(2, 77, SIZE, "data"), "another");
        refusedVolume(writer -> writer.volumeAdded(2, 79, SIZE, "../data"), "volume name");
        refusedVolume(writer -> writer.volumeAdded(2, 79, SIZE, "."), "volume name");
        refusedVolume(writer -> writer.barrier(1), "not ordered");
        refusedVolume(writer -> writer.pieceHashes(1, 16, bytes(32), bytes(16)), "beyond volume");
    }

    @Test
    void shouldNeverReadOutsideAMessageOfRandomBytes() {
        final RecordMessage message = new RecordMessage();
        final List<byte[]> seeds = new ArrayList<>();
        seeds.add(writer.bytes());
        seeds.add(writer.batch(Extent.write(1, 0, bytes(512)), Extent.write(1, 0, bytes(512)))
                .bytes());
        seeds.add(writer.barrier().bytes());
        seeds.add(writer.pieceHashes(1, 0, bytes(32), bytes(48)).bytes());
        for (int i = 0; i < 200_000; i++) {
            final byte[] seed = seeds.get(random.nextInt(seeds.size()));
            final int length = random.nextInt(4) == 0 ? random.nextInt(seed.length + 1) : seed.length;
            final UnsafeBuffer exact = new UnsafeBuffer(seed.clone(), 0, length);
            for (int j = random.nextInt(6); j > 0 && length > 0; j--) {
                exact.putByte(random.nextInt(Math.min(length, 160)), (byte) random.nextInt());
            }
            if (message.wrap(exact, 0, length) == null) {
                assertThat(message.dataOffset() + message.dataLength()).isLessThanOrEqualTo(length);
                VolumeRecords.check(message, volumes);
            }
        }
    }

    @Test
    void shouldFindLz4BlocksThatDoNotGiveWhatTheyDeclare() {
        final BatchPayload payload = new BatchPayload();
        writer.compress(true).batch(Extent.write(1, 0, new byte[8192]));
        assertThat(check()).isNull();
        assertThat(checker.message().isCompressed()).isTrue();
        assertThat(payload.open(checker.message())).isNull();
        final int data = checker.message().dataOffset();
        for (int i = 0; i < checker.message().dataLength(); i++) {
            final byte before = writer.buffer().getByte(data + i);
            writer.buffer().putByte(data + i, (byte) ~before);
            payload.open(checker.message());
            writer.buffer().putByte(data + i, before);
        }
        writer.buffer().putByte(data, (byte) 0xF0);
        assertThat(payload.open(checker.message())).contains("LZ4 block");
    }

    private void refused(final String complaint, final Consumer<UnsafeBuffer> damage) {
        final MessageWriter other = new MessageWriter(1, 2).begin(1, 1, 1, 0);
        other.volumeAdded(1, 77, SIZE, "data").batch(Extent.write(1, 0, new byte[512]));
        damage.accept(other.buffer());
        other.seal();
        assertThat(checker.check(other.buffer(), 0, other.length())).contains(complaint);
    }

    private void refusedVolume(final Consumer<MessageWriter> message, final String complaint) {
        final MessageWriter other = new MessageWriter(1, 2).begin(1, 1, 1, 0);
        other.volumeAdded(1, 77, SIZE, "data");
        message.accept(other);
        assertThat(checker.check(other.buffer(), 0, other.length())).isNull();
        assertThat(checker.checkVolumes(volumes)).contains(complaint);
    }

    private void take(final MessageWriter message) {
        assertThat(check()).isNull();
        assertThat(checker.checkVolumes(volumes)).isNull();
        VolumeRecords.take(checker.message(), volumes);
        checker.accept();
        assertThat(message.length()).isPositive();
    }

    private String check() {
        return checker.check(writer.buffer(), 0, writer.length());
    }

    private void flip(final int bit) {
        final int at = bit >> 3;
        writer.buffer().putByte(at, (byte) (writer.buffer().getByte(at) ^ 1 << (bit & 7)));
    }

    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
