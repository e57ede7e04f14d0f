package org.farshore.tests.fuzz;

import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.AckEncoder;
import org.farshore.dataplane.codecs.replication.CompareResultEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WelcomeEncoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.ResponseMessage;
import org.farshore.dataplane.ship.StreamLimits;

/** A message of the response channel: what is found whole can be read to its last volume, bit and letter. */
public final class ResponseFuzz {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final ResponseMessage MESSAGE = new ResponseMessage();

    private ResponseFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (MESSAGE.wrap(new UnsafeBuffer(input), 0, input.length) != null || !MESSAGE.isKnown()) {
            return;
        }
        MESSAGE.connectionId();
        if (MESSAGE.isWelcome()) {
            RecordMessageFuzz.require(MESSAGE.volumeCount() <= StreamLimits.VOLUMES_MAX, "too many volumes");
            for (int i = 0; i < MESSAGE.volumeCount(); i++) {
                MESSAGE.volumeUuidHigh(i);
                MESSAGE.volumeUuidLow(i);
                MESSAGE.volumeSize(i);
                MESSAGE.volumeNumber(i);
            }
            MESSAGE.captureIdHigh();
            MESSAGE.captureIdLow();
            MESSAGE.dataStreamId();
            MESSAGE.dataSessionId();
        } else if (MESSAGE.isReject()) {
            RecordMessageFuzz.require(MESSAGE.reason() != null, "no reason");
            RecordMessageFuzz.require(MESSAGE.text().chars().allMatch(c -> c >= ' ' && c < 127), "text");
        } else if (MESSAGE.isCompareResult()) {
            for (int i = 0; i < MESSAGE.pieceCount(); i++) {
                MESSAGE.differs(i);
            }
            MESSAGE.volume();
        } else {
            MESSAGE.durableSequence();
            MESSAGE.durableCapturePosition();
        }
    }

    static List<byte[]> seeds() {
        return List.of(welcome(), ack(), reject(), compareResult());
    }

    private static byte[] welcome() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[512]);
        final WelcomeEncoder encoder = new WelcomeEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(9)
                .generation(1)
                .incarnation(1)
                .nextSequence(4)
                .capturePosition(0)
                .captureIdHigh(6)
                .captureIdLow(7)
                .dataStreamId(8)
                .dataSessionId(9);
        final WelcomeEncoder.VolumesEncoder volumes = encoder.volumesCount(2);
        for (int i = 0; i < 2; i++) {
            volumes.next()
                    .uuidHigh(i)
                    .uuidLow(i)
                    .sizeBytes(4096)
                    .number(i)
                    .writeOrder(WriteOrder.ORDERED)
                    .everConverged((short) 1);
        }
        return Arrays.copyOf(buffer.byteArray(), HEADER + encoder.encodedLength());
    }

    private static byte[] ack() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[HEADER + AckEncoder.BLOCK_LENGTH]);
        new AckEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(9)
                .incarnation(1)
                .flags(0)
                .durableSequence(2)
                .durableCapturePosition(64)
                .spooledSequence(2)
                .spooledCapturePosition(64)
                .appliedSequence(1);
        return buffer.byteArray();
    }

    private static byte[] reject() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[HEADER + RejectEncoder.BLOCK_LENGTH + 4 + 7]);
        new RejectEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(9)
                .reason(RejectReason.PROTOCOL)
                .text("because");
        return buffer.byteArray();
    }

    private static byte[] compareResult() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[HEADER + CompareResultEncoder.BLOCK_LENGTH + 4 + 2]);
        new CompareResultEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(9)
                .firstPiece(0)
                .incarnation(1)
                .pieceCount(9)
                .volume(0)
                .putDiffers(new byte[] {1, 1}, 0, 2);
        return buffer.byteArray();
    }
}
