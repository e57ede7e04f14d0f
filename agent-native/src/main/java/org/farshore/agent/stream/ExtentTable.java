package org.farshore.agent.stream;

import static org.farshore.dataplane.ship.StreamLimits.BATCH_EXTENTS_MAX;
import static org.farshore.dataplane.ship.StreamLimits.BATCH_PAYLOAD_LENGTH_MAX;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.farshore.dataplane.codecs.replication.Compression;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.WriteBatchEncoder;

/**
 * The extents of one WriteBatch in the making: references to where their bytes lie, in the capture ring or in a chunk's
 * buffer, so that a payload is copied once, into the network's buffer. Every extent is a record. One thread.
 */
final class ExtentTable {
    private static final int FIXED_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH
            + WriteBatchEncoder.BLOCK_LENGTH
            + WriteBatchEncoder.ExtentsEncoder.HEADER_SIZE
            + WriteBatchEncoder.payloadHeaderLength();

    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final WriteBatchEncoder batch = new WriteBatchEncoder();
    private final long[] offsets = new long[BATCH_EXTENTS_MAX];
    private final long[] lengths = new long[BATCH_EXTENTS_MAX];
    private final int[] volumes = new int[BATCH_EXTENTS_MAX];
    private final ExtentKind[] kinds = new ExtentKind[BATCH_EXTENTS_MAX];
    private final DirectBuffer[] sources = new DirectBuffer[BATCH_EXTENTS_MAX];
    private final int[] sourceOffsets = new int[BATCH_EXTENTS_MAX];
    private int count;
    private int payloadLength;
    private int endRecord = RecordWriter.NO_END;
    private long endPosition;
    private long timeNs;
    private long newestNs;
    private long endTimeNs;

    boolean isEmpty() {
        return count == 0;
    }

    /** Bytes of payload that still fit; 0 when no extent does. */
    int payloadRoom() {
        return count == BATCH_EXTENTS_MAX ? 0 : BATCH_PAYLOAD_LENGTH_MAX - payloadLength;
    }

    boolean hasRoom() {
        return count < BATCH_EXTENTS_MAX;
    }

    int payloadLength() {
        return payloadLength;
    }

    long timeNs() {
        return timeNs;
    }

    void add(
            final ExtentKind kind,
            final int volume,
            final long offset,
            final long length,
            final long captureTimeNs,
            final DirectBuffer source,
            final int sourceOffset) {
        if (count == 0) {
            timeNs = captureTimeNs;
            newestNs = captureTimeNs;
        }
        newestNs = Math.max(newestNs, captureTimeNs);
        kinds[count] = kind;
        volumes[count] = volume;
        offsets[count] = offset;
        lengths[count] = length;
        sources[count] = source;
        sourceOffsets[count] = sourceOffset;
        payloadLength += source == null ? 0 : (int) length;
        count++;
    }

    /** The newest extent is an END; the capture position behind it is told by {@link #endPosition}. */
    void markEnd() {
        endRecord = count - 1;
        endTimeNs = newestNs;
    }

    boolean hasEnd() {
        return endRecord != RecordWriter.NO_END;
    }

    /** Capture time of the newest record up to the END. */
    long endTimeNs() {
        return endTimeNs;
    }

    /** True when no bio is open behind the newest extent. */
    boolean isAtEnd() {
        return endRecord == count - 1;
    }

    void endPosition(final long position) {
        endPosition = position;
    }

    /** Sends the table as one message and empties it; false when there is no room now. */
    boolean flush(final RecordWriter writer) {
        final int length = FIXED_LENGTH + count * WriteBatchEncoder.ExtentsEncoder.sbeBlockLength() + payloadLength;
        if (!writer.claim(length)) {
            return false;
        }
        final MutableDirectBuffer buffer = writer.buffer();
        batch.wrapAndApplyHeader(buffer, writer.offset(), messageHeader);
        writer.header(batch.header(), count, endRecord, endPosition, timeNs);
        batch.uncompressedLength(payloadLength)
                .compression(Compression.NONE)
                .reserved1((short) 0)
                .reserved2(0);
        encodeExtents(batch.extentsCount(count));
        encodePayload(buffer, batch.limit());
        writer.commit();
        clear();
        return true;
    }

    void clear() {
        count = 0;
        payloadLength = 0;
        endRecord = RecordWriter.NO_END;
    }

    private void encodeExtents(final WriteBatchEncoder.ExtentsEncoder extents) {
        for (int i = 0; i < count; i++) {
            extents.next()
                    .offset(offsets[i])
                    .length(lengths[i])
                    .volume(volumes[i])
                    .kind(kinds[i]);
            extents.flags().clear().end(i == endRecord);
            extents.reserved(0);
        }
    }

    private void encodePayload(final MutableDirectBuffer buffer, final int limit) {
        buffer.putInt(limit, payloadLength, ByteOrder.LITTLE_ENDIAN);
        int at = limit + WriteBatchEncoder.payloadHeaderLength();
        for (int i = 0; i < count; i++) {
            if (sources[i] != null) {
                buffer.putBytes(at, sources[i], sourceOffsets[i], (int) lengths[i]);
                at += (int) lengths[i];
                sources[i] = null;
            }
        }
    }
}
