package org.farshore.dataplane.optimise;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.Compression;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.StreamHeaderDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * What happens to a record message between two hops.
 *
 * <p>The chain of a batch is: drop zero blocks ({@link ExtentPlan}), compress what is left ({@link BlockCompressor}), then
 * give the message this hop's place in the hash chain and its checksum. Each step sees only the result of the one before. A
 * step that folds several batches into one belongs in front of the first, one that seals the payload between the
 * second and the third, so that the next hop can check without a key. Every other message, and a batch that the sender
 * has already compressed, only gets the last step. Identity, sequence, END and capture position are never touched: they
 * are end to end.
 *
 * <p>{@link #prepare} does the work and tells the length, so that the caller can claim exactly that room; {@link #write}
 * fills it. When there is no room, the caller keeps what is prepared and offers it again when the same message comes
 * back: compression is too dear to be repeated at every refusal.
 *
 * <p>The message never grows: a zero block that goes saves 4,096 bytes and costs two entries of 24.
 *
 * <p>Nothing is allocated per message. One thread.
 */
public final class WriteBatchOptimiser {
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int GROUP_OFFSET = HEADER + WriteBatchDecoder.BLOCK_LENGTH;
    private static final int TABLE_OFFSET = GROUP_OFFSET + WriteBatchDecoder.ExtentsDecoder.HEADER_SIZE;
    private static final int ENTRY_LENGTH = WriteBatchDecoder.ExtentsDecoder.sbeBlockLength();
    private static final int PREVIOUS_CHECKSUM_OFFSET = HEADER + StreamHeaderDecoder.previousChecksumEncodingOffset();
    private static final int LENGTH_OFFSET = HEADER + WriteBatchDecoder.uncompressedLengthEncodingOffset();
    private static final int COMPRESSION_OFFSET = HEADER + WriteBatchDecoder.compressionEncodingOffset();

    private final ExtentPlan plan = new ExtentPlan();
    private final BlockCompressor compressor = new BlockCompressor();
    private final ByteBuffer gathered =
            BufferUtil.allocateDirectAligned(StreamLimits.BATCH_PAYLOAD_LENGTH_MAX, StreamLimits.BLOCK_LENGTH);
    private final UnsafeBuffer gatheredBuffer = new UnsafeBuffer(gathered);

    private RecordMessage message;
    private boolean isRewritten;
    private int compressedLength;
    private int length;

    /**
     * Works on {@code record}, which was found whole.
     *
     * @return length of the message as it will leave, in bytes.
     */
    public int prepare(final RecordMessage record) {
        message = record;
        compressedLength = 0;
        length = record.length();
        isRewritten = false;
        if (record.templateId() == WriteBatchDecoder.TEMPLATE_ID && !record.isCompressed() && isOfThisVersion(record)) {
            rewrite(record);
        }
        return length;
    }

    private void rewrite(final RecordMessage record) {
        final int payloadAt = record.offset() + record.dataOffset();
        plan.make(record, payloadAt);
        final int keptLength = plan.keptLength();
        if (plan.zeroLength() > 0) {
            plan.gather(record.buffer(), payloadAt, gatheredBuffer);
            compressedLength = compressor.compress(gathered, 0, keptLength);
        } else {
            compressedLength = compressInPlace(record.buffer(), payloadAt, keptLength);
        }
        isRewritten = plan.zeroLength() > 0 || compressedLength > 0;
        if (isRewritten) {
            length = TABLE_OFFSET + plan.tableLength() + Integer.BYTES + payloadLength();
        }
    }

    private int compressInPlace(final DirectBuffer buffer, final int payloadAt, final int payloadLength) {
        final ByteBuffer bytes = buffer.byteBuffer();
        if (bytes != null && bytes.isDirect()) {
            return compressor.compress(bytes, buffer.wrapAdjustment() + payloadAt, payloadLength);
        }
        buffer.getBytes(payloadAt, gathered, 0, payloadLength);
        return compressor.compress(gathered, 0, payloadLength);
    }

    /** A newer sender may have put fields into the table or behind it that would be lost. */
    private static boolean isOfThisVersion(final RecordMessage record) {
        final int groupCount = record.groupCount();
        return record.dataOffset() == TABLE_OFFSET + groupCount * ENTRY_LENGTH + Integer.BYTES
                && record.dataOffset() + record.dataLength() == record.length();
    }

    /**
     * Writes the prepared message.
     *
     * @param target direct memory with room for the prepared length.
     * @param previousChecksum checksum of the message before it on this hop, 0 for the first of an incarnation.
     * @return the message's own checksum.
     */
    public int write(final MutableDirectBuffer target, final int offset, final int previousChecksum) {
        if (isRewritten) {
            writeBatch(target, offset);
        } else {
            target.putBytes(offset, message.buffer(), message.offset(), length);
        }
        target.putInt(offset + PREVIOUS_CHECKSUM_OFFSET, previousChecksum, LITTLE_ENDIAN);
        final int checksum = Crc32c.computeAround(target, offset, length, RecordMessage.CHECKSUM_OFFSET);
        target.putInt(offset + RecordMessage.CHECKSUM_OFFSET, checksum, LITTLE_ENDIAN);
        return checksum;
    }

    private void writeBatch(final MutableDirectBuffer target, final int offset) {
        target.putBytes(offset, message.buffer(), message.offset(), GROUP_OFFSET);
        target.putInt(offset + LENGTH_OFFSET, plan.keptLength(), LITTLE_ENDIAN);
        final Compression compression = compressedLength > 0 ? Compression.LZ4 : Compression.NONE;
        target.putByte(offset + COMPRESSION_OFFSET, (byte) compression.value());
        target.putShort(offset + GROUP_OFFSET, (short) ENTRY_LENGTH, LITTLE_ENDIAN);
        target.putShort(offset + GROUP_OFFSET + Short.BYTES, (short) plan.entries(), LITTLE_ENDIAN);
        target.putBytes(offset + TABLE_OFFSET, plan.table(), 0, plan.tableLength());
        final int dataAt = offset + TABLE_OFFSET + plan.tableLength();
        target.putInt(dataAt, payloadLength(), LITTLE_ENDIAN);
        if (compressedLength > 0) {
            target.putBytes(dataAt + Integer.BYTES, compressor.output(), 0, compressedLength);
        } else {
            target.putBytes(dataAt + Integer.BYTES, gatheredBuffer, 0, plan.keptLength());
        }
    }

    private int payloadLength() {
        return compressedLength > 0 ? compressedLength : plan.keptLength();
    }

    /** Payload bytes of the prepared batch as it came; 0 for other messages. */
    public int inBytes() {
        return isBatch() ? message.dataLength() : 0;
    }

    /** Payload bytes of the prepared batch as it leaves; 0 for other messages. */
    public int outBytes() {
        if (!isBatch()) {
            return 0;
        }
        return isRewritten ? payloadLength() : message.dataLength();
    }

    /** Payload bytes of the prepared batch that were zero and are not sent. */
    public int zeroBytes() {
        return isRewritten ? plan.zeroLength() : 0;
    }

    /** Payload bytes of the prepared batch that leave uncompressed. */
    public int passedBytes() {
        return isBatch() && compressedLength == 0 && !message.isCompressed() ? outBytes() : 0;
    }

    private boolean isBatch() {
        return message != null && message.templateId() == WriteBatchDecoder.TEMPLATE_ID;
    }
}
