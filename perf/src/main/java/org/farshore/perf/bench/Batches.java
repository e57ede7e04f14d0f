package org.farshore.perf.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.Compression;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.WriteBatchEncoder;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.perf.load.PayloadMix;

/** Encodes full batches of one kind of bytes, the first record message of an incarnation each time, as the agent does. */
final class Batches {
    /** Payload of each batch. */
    static final int PAYLOAD_LENGTH = StreamLimits.BATCH_PAYLOAD_LENGTH_MAX;

    private static final int CHECKSUM_OFFSET = 8;
    private static final int PAYLOADS = 256;

    private final ByteBuffer payloadBytes = BufferUtil.allocateDirectAligned(PAYLOADS * PAYLOAD_LENGTH, 4096);
    private final UnsafeBuffer payloads = new UnsafeBuffer(payloadBytes);
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final WriteBatchEncoder batch = new WriteBatchEncoder();
    private final int extentLength;
    private int next;

    /** Payloads in memory that no cache holds. */
    Batches(final PayloadMix mix, final int extentLength) {
        this.extentLength = extentLength;
        mix.fill(payloadBytes);
        payloadBytes.clear();
    }

    /** All payloads. */
    UnsafeBuffer payloads() {
        return payloads;
    }

    /** The same memory. */
    ByteBuffer payloadBytes() {
        return payloadBytes;
    }

    /** Where the next payload begins; goes round. */
    int nextPayload() {
        next = next + 1 == PAYLOADS ? 0 : next + 1;
        return next * PAYLOAD_LENGTH;
    }

    /** Encodes a batch with the next payload; returns its length. */
    int encode(final UnsafeBuffer target) {
        final int count = PAYLOAD_LENGTH / extentLength;
        batch.wrapAndApplyHeader(target, 0, messageHeader);
        batch.header()
                .checksum(0)
                .previousChecksum(0)
                .machineIdHigh(1)
                .machineIdLow(2)
                .generation(1)
                .incarnation(1)
                .firstSequence(1)
                .endSequence(count)
                .capturePosition(PAYLOAD_LENGTH)
                .captureTimeNs(1)
                .recordCount(count)
                .reserved(0);
        batch.uncompressedLength(PAYLOAD_LENGTH)
                .compression(Compression.NONE)
                .reserved1((short) 0)
                .reserved2(0);
        final WriteBatchEncoder.ExtentsEncoder extents = batch.extentsCount(count);
        for (int i = 0; i < count; i++) {
            extents.next()
                    .offset((long) i * extentLength)
                    .length(extentLength)
                    .volume(0)
                    .kind(ExtentKind.WRITE);
            extents.flags().clear().end(i == count - 1);
            extents.reserved(0);
        }
        final int at = batch.limit();
        target.putInt(at, PAYLOAD_LENGTH, ByteOrder.LITTLE_ENDIAN);
        target.putBytes(at + Integer.BYTES, payloads, nextPayload(), PAYLOAD_LENGTH);
        final int length = at + Integer.BYTES + PAYLOAD_LENGTH;
        target.putInt(
                CHECKSUM_OFFSET, Crc32c.computeAround(target, 0, length, CHECKSUM_OFFSET), ByteOrder.LITTLE_ENDIAN);
        return length;
    }
}
