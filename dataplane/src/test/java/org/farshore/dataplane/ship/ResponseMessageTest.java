package org.farshore.dataplane.ship;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.List;
import java.util.function.IntSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.AckEncoder;
import org.farshore.dataplane.codecs.replication.CompareResultEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WelcomeEncoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.junit.jupiter.api.Test;

class ResponseMessageTest {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int VOLUMES = HEADER + WelcomeEncoder.BLOCK_LENGTH;

    private final ResponseMessage message = new ResponseMessage();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[StreamLimits.CONTROL_MESSAGE_LENGTH_MAX]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();

    @Test
    void shouldReadEveryFieldOfAWelcome() {
        assertThat(check(welcome())).isNull();
        assertThat(message.isWelcome()).isTrue();
        assertThat(message.connectionId()).isEqualTo(9);
        assertThat(message.generation()).isEqualTo(2);
        assertThat(message.incarnation()).isEqualTo(3);
        assertThat(message.nextSequence()).isEqualTo(4);
        assertThat(message.capturePosition()).isEqualTo(-1);
        assertThat(message.captureIdHigh()).isEqualTo(6);
        assertThat(message.captureIdLow()).isEqualTo(7);
        assertThat(message.dataStreamId()).isEqualTo(8);
        assertThat(message.dataSessionId()).isEqualTo(-9);
        assertThat(message.volumeCount()).isEqualTo(1);
        assertThat(message.volumeUuidHigh(0)).isEqualTo(10);
        assertThat(message.volumeUuidLow(0)).isEqualTo(11);
        assertThat(message.volumeSize(0)).isEqualTo(4096);
        assertThat(message.volumeNumber(0)).isEqualTo(5);
    }

    @Test
    void shouldRefuseEveryMessageThatIsCutShort() {
        final List<IntSupplier> messages =
                List.of(this::welcome, this::ack, () -> reject("why"), () -> compareResult(9));
        for (final IntSupplier one : messages) {
            final int length = one.getAsInt();
            final UnsafeBuffer whole = new UnsafeBuffer(buffer.byteArray().clone());
            for (int cut = 0; cut < length; cut++) {
                assertThat(message.wrap(new UnsafeBuffer(whole, 0, cut), 0, cut))
                        .as("%d of %d bytes", cut, length)
                        .isNotNull();
            }
        }
    }

    @Test
    void shouldRefuseATableOfVolumesThatEndsElsewhere() {
        final int length = welcome();
        buffer.putShort(VOLUMES + 2, (short) 2, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(length)).contains("table of 2 volumes");
        buffer.putShort(VOLUMES + 2, (short) 0xFFFF, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(length)).contains("table of 65535 volumes");
        welcome();
        buffer.putShort(VOLUMES, (short) 3, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(length)).contains("of 3 bytes");
    }

    @Test
    void shouldRefuseNumbersThatNoReceiverMeans() {
        final int length = welcome();
        buffer.putInt(HEADER + WelcomeEncoder.generationEncodingOffset(), -1, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(length)).contains("generation -1");
        welcome();
        buffer.putLong(HEADER + WelcomeEncoder.nextSequenceEncodingOffset(), 0, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(length)).contains("sequence 0");
        final int compare = compareResult(9);
        buffer.putInt(HEADER + CompareResultEncoder.pieceCountEncodingOffset(), 17, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(compare)).contains("2 bytes for 17 pieces");
        buffer.putLong(HEADER + CompareResultEncoder.firstPieceEncodingOffset(), 1L << 60, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(compare)).contains("pieces from");
    }

    @Test
    void shouldShowTextAndReasonWithoutBelievingThem() {
        final int length = reject("a\nb");
        buffer.putByte(HEADER + RejectEncoder.reasonEncodingOffset(), (byte) 200);
        assertThat(check(length)).isNull();
        assertThat(message.reason()).isEqualTo(RejectReason.NULL_VAL);
        assertThat(message.text()).isEqualTo("a?b");
        buffer.putInt(HEADER + RejectEncoder.BLOCK_LENGTH, 1 << 30, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(length)).contains("data of");
    }

    @Test
    void shouldLeaveATemplateOfANewerReceiverAlone() {
        final int length = ack();
        buffer.putShort(2, (short) 99, ByteOrder.LITTLE_ENDIAN);
        assertThat(check(length)).isNull();
        assertThat(message.isKnown()).isFalse();
    }

    @Test
    void shouldTellWhichPiecesDiffer() {
        assertThat(check(compareResult(9))).isNull();
        assertThat(message.differs(0)).isTrue();
        assertThat(message.differs(1)).isFalse();
        assertThat(message.differs(8)).isTrue();
    }

    private String check(final int length) {
        return message.wrap(buffer, 0, length);
    }

    private int welcome() {
        final WelcomeEncoder encoder = new WelcomeEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, header)
                .connectionId(9)
                .generation(2)
                .incarnation(3)
                .nextSequence(4)
                .capturePosition(-1)
                .captureIdHigh(6)
                .captureIdLow(7)
                .dataStreamId(8)
                .dataSessionId(-9)
                .volumesCount(1)
                .next()
                .uuidHigh(10)
                .uuidLow(11)
                .sizeBytes(4096)
                .number(5)
                .writeOrder(WriteOrder.ORDERED)
                .everConverged((short) 1);
        return HEADER + encoder.encodedLength();
    }

    private int ack() {
        final AckEncoder encoder = new AckEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, header)
                .connectionId(9)
                .incarnation(1)
                .flags(0)
                .durableSequence(5)
                .durableCapturePosition(6)
                .spooledSequence(5)
                .spooledCapturePosition(6)
                .appliedSequence(4);
        return HEADER + encoder.encodedLength();
    }

    private int reject(final String text) {
        final RejectEncoder encoder = new RejectEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, header)
                .connectionId(9)
                .reason(RejectReason.STORAGE)
                .text(text);
        return HEADER + encoder.encodedLength();
    }

    private int compareResult(final int pieces) {
        final CompareResultEncoder encoder = new CompareResultEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, header)
                .connectionId(9)
                .firstPiece(0)
                .incarnation(1)
                .pieceCount(pieces)
                .volume(3)
                .putDiffers(new byte[] {1, 1}, 0, 2);
        return HEADER + encoder.encodedLength();
    }
}
