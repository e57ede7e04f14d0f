package org.farshore.dataplane.ship;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.AckDecoder;
import org.farshore.dataplane.codecs.replication.CompareResultDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.RejectDecoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WelcomeDecoder;

/**
 * A message of the response channel, found to be whole before any of it is used. A sender believes its receiver in what it
 * says of the stream, but not in the length of what it sends. As {@link RecordMessage}, it reads by the schema's offsets and
 * takes a longer block for that of a newer peer; a template that it does not know is whole and {@link #isKnown} says no.
 *
 * <p>Numbers are checked for what no receiver can mean: a generation, incarnation or sequence below 1, a volume of no
 * possible size, a piece that no volume has. Whether they fit the stream at hand is for the session to see.
 *
 * <p>Allocates only for {@link #text()} and for a complaint. One thread.
 */
public final class ResponseMessage {
    /** Longest text of a Reject, characters. */
    public static final int TEXT_LENGTH_MAX = 1024;

    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int GROUP_HEADER = WelcomeDecoder.VolumesDecoder.HEADER_SIZE;
    private static final int VOLUME_LENGTH = WelcomeDecoder.VolumesDecoder.sbeBlockLength();
    private static final long PIECES_MAX = StreamLimits.VOLUME_LENGTH_MAX / StreamLimits.PIECE_LENGTH;

    private DirectBuffer buffer;
    private int offset;
    private int length;
    private int templateId;
    private int entryOffset;
    private int entryLength;
    private int entryCount;
    private int dataOffset;
    private int dataLength;

    /**
     * Looks at a message of {@code size} bytes.
     *
     * @return null when it is whole, else what is wrong with it; no accessor may then be used.
     */
    public String wrap(final DirectBuffer source, final int at, final int size) {
        buffer = source;
        offset = at;
        length = size;
        entryCount = 0;
        if (size < HEADER || size > StreamLimits.CONTROL_MESSAGE_LENGTH_MAX) {
            return "a message of " + size + " bytes on the response channel";
        }
        templateId = u16(MessageHeaderDecoder.templateIdEncodingOffset());
        final int schemaId = u16(MessageHeaderDecoder.schemaIdEncodingOffset());
        if (schemaId != WelcomeDecoder.SCHEMA_ID) {
            return "template " + templateId + " of schema " + schemaId + " on the response channel";
        }
        final int blockLength = u16(MessageHeaderDecoder.blockLengthEncodingOffset());
        if (blockLength < leastBlockLength() || HEADER + blockLength > size) {
            return "a block of " + blockLength + " bytes in template " + templateId;
        }
        return wrapBody(HEADER + blockLength);
    }

    private int leastBlockLength() {
        return switch (templateId) {
            case WelcomeDecoder.TEMPLATE_ID -> WelcomeDecoder.BLOCK_LENGTH;
            case AckDecoder.TEMPLATE_ID -> AckDecoder.BLOCK_LENGTH;
            case RejectDecoder.TEMPLATE_ID -> RejectDecoder.BLOCK_LENGTH;
            case CompareResultDecoder.TEMPLATE_ID -> CompareResultDecoder.BLOCK_LENGTH;
            default -> 0;
        };
    }

    private String wrapBody(final int behindBlock) {
        return switch (templateId) {
            case WelcomeDecoder.TEMPLATE_ID -> wrapWelcome(behindBlock);
            case AckDecoder.TEMPLATE_ID ->
                incarnation() < 1 || durableSequence() < 0
                        ? "an Ack of sequence " + durableSequence() + " in incarnation " + incarnation()
                        : null;
            case RejectDecoder.TEMPLATE_ID -> wrapData(behindBlock, TEXT_LENGTH_MAX);
            case CompareResultDecoder.TEMPLATE_ID -> wrapCompareResult(behindBlock);
            default -> null;
        };
    }

    private String wrapWelcome(final int at) {
        if (generation() < 1 || incarnation() < 1 || nextSequence() < 1 || nextSequence() > Long.MAX_VALUE / 2) {
            return "a Welcome to sequence " + nextSequence() + " in generation " + generation() + " incarnation "
                    + incarnation();
        }
        if (at + GROUP_HEADER > length) {
            return "no room for the volumes at " + at + " of " + length + " bytes";
        }
        entryLength = u16(at);
        final int count = u16(at + Short.BYTES);
        entryOffset = at + GROUP_HEADER;
        if (entryLength < VOLUME_LENGTH
                || count > StreamLimits.VOLUMES_MAX
                || entryOffset + count * entryLength > length) {
            return "a table of " + count + " volumes of " + entryLength + " bytes at " + at + " of " + length;
        }
        entryCount = count;
        for (int i = 0; i < count; i++) {
            if (volumeSize(i) < 0 || volumeSize(i) > StreamLimits.VOLUME_LENGTH_MAX) {
                return "a Welcome that knows a volume of " + volumeSize(i) + " bytes";
            }
        }
        return null;
    }

    private String wrapCompareResult(final int at) {
        if (pieceCount() < 1
                || pieceCount() > StreamLimits.PIECES_PER_MESSAGE_MAX
                || firstPiece() < 0
                || firstPiece() > PIECES_MAX - pieceCount()) {
            return "a compare's answer for " + pieceCount() + " pieces from " + firstPiece();
        }
        final String complaint = wrapData(at, StreamLimits.PIECES_PER_MESSAGE_MAX / Byte.SIZE);
        if (complaint != null) {
            return complaint;
        }
        return dataLength * Byte.SIZE < pieceCount()
                ? "a compare's answer of " + dataLength + " bytes for " + pieceCount() + " pieces"
                : null;
    }

    private String wrapData(final int at, final int lengthMax) {
        if (at + Integer.BYTES > length) {
            return "no room for data at " + at + " of " + length + " bytes";
        }
        dataLength = buffer.getInt(offset + at, LITTLE_ENDIAN);
        dataOffset = at + Integer.BYTES;
        if (dataLength < 0 || dataLength > lengthMax || dataLength > length - dataOffset) {
            return "data of " + (dataLength & 0xFFFF_FFFFL) + " bytes at " + at + " of " + length;
        }
        return null;
    }

    /** False for a message that only a newer receiver sends: it is to be left alone, and has no accessors. */
    public boolean isKnown() {
        return leastBlockLength() > 0;
    }

    public boolean isWelcome() {
        return templateId == WelcomeDecoder.TEMPLATE_ID;
    }

    public boolean isAck() {
        return templateId == AckDecoder.TEMPLATE_ID;
    }

    public boolean isReject() {
        return templateId == RejectDecoder.TEMPLATE_ID;
    }

    public boolean isCompareResult() {
        return templateId == CompareResultDecoder.TEMPLATE_ID;
    }

    /** Every message: the connection that it answers. */
    public long connectionId() {
        return buffer.getLong(offset + HelloMessage.CONNECTION_ID_OFFSET, LITTLE_ENDIAN);
    }

    /** Welcome: generation of the stream, from 1 on. */
    public int generation() {
        return i32(WelcomeDecoder.generationEncodingOffset());
    }

    /** Welcome, Ack and CompareResult: which connection in the life of the stream, from 1 on. */
    public int incarnation() {
        return switch (templateId) {
            case WelcomeDecoder.TEMPLATE_ID -> i32(WelcomeDecoder.incarnationEncodingOffset());
            case AckDecoder.TEMPLATE_ID -> i32(AckDecoder.incarnationEncodingOffset());
            default -> i32(CompareResultDecoder.incarnationEncodingOffset());
        };
    }

    /** Welcome: number of the next record. */
    public long nextSequence() {
        return i64(WelcomeDecoder.nextSequenceEncodingOffset());
    }

    /** Welcome: position behind the last durable END, in the ring of the capture that it names. */
    public long capturePosition() {
        return i64(WelcomeDecoder.capturePositionEncodingOffset());
    }

    /** Welcome: high half of the id of the capture that the position belongs to. */
    public long captureIdHigh() {
        return i64(WelcomeDecoder.captureIdHighEncodingOffset());
    }

    /** Welcome: low half of the id of the capture that the position belongs to. */
    public long captureIdLow() {
        return i64(WelcomeDecoder.captureIdLowEncodingOffset());
    }

    /** Welcome: stream id of the data stream to be opened. */
    public int dataStreamId() {
        return i32(WelcomeDecoder.dataStreamIdEncodingOffset());
    }

    /** Welcome: session id of the data stream to be opened. */
    public int dataSessionId() {
        return i32(WelcomeDecoder.dataSessionIdEncodingOffset());
    }

    /** Welcome: how many volumes the receiver knows. */
    public int volumeCount() {
        return entryCount;
    }

    /** Welcome: high half of a volume's random id. */
    public long volumeUuidHigh(final int index) {
        return entryLong(index, WelcomeDecoder.VolumesDecoder.uuidHighEncodingOffset());
    }

    /** Welcome: low half of a volume's random id. */
    public long volumeUuidLow(final int index) {
        return entryLong(index, WelcomeDecoder.VolumesDecoder.uuidLowEncodingOffset());
    }

    /** Welcome: size of a volume in bytes, as the receiver knows it. */
    public long volumeSize(final int index) {
        return entryLong(index, WelcomeDecoder.VolumesDecoder.sizeBytesEncodingOffset());
    }

    /** Welcome: number of a volume in the stream, as the receiver knows it. */
    public int volumeNumber(final int index) {
        return u16(entryOffset + index * entryLength + WelcomeDecoder.VolumesDecoder.numberEncodingOffset());
    }

    /** Ack: everything up to this END is durable. */
    public long durableSequence() {
        return i64(AckDecoder.durableSequenceEncodingOffset());
    }

    /** Ack: position in the capture ring behind that END. */
    public long durableCapturePosition() {
        return i64(AckDecoder.durableCapturePositionEncodingOffset());
    }

    /** Reject: why; NULL_VAL for a reason that only a newer receiver has. */
    public RejectReason reason() {
        final int code = buffer.getByte(offset + HEADER + RejectDecoder.reasonEncodingOffset()) & 0xFF;
        for (final RejectReason reason : RejectReason.values()) {
            if (reason.value() == code) {
                return reason;
            }
        }
        return RejectReason.NULL_VAL;
    }

    /** Reject: text for people, printable ASCII; anything else is shown as a question mark. Allocates. */
    public String text() {
        final StringBuilder text = new StringBuilder(dataLength);
        for (int i = 0; i < dataLength; i++) {
            final int c = buffer.getByte(offset + dataOffset + i);
            text.append(c >= ' ' && c < 127 ? (char) c : '?');
        }
        return text.toString();
    }

    /** CompareResult: number of the volume. */
    public int volume() {
        return u16(HEADER + CompareResultDecoder.volumeEncodingOffset());
    }

    /** CompareResult: number of the first piece. */
    public long firstPiece() {
        return i64(CompareResultDecoder.firstPieceEncodingOffset());
    }

    /** CompareResult: how many pieces, each with a bit. */
    public int pieceCount() {
        return i32(CompareResultDecoder.pieceCountEncodingOffset());
    }

    /** CompareResult: true when the piece {@code firstPiece + index} differs. */
    public boolean differs(final int index) {
        return (buffer.getByte(offset + dataOffset + (index >> 3)) >>> (index & 7) & 1) != 0;
    }

    private long entryLong(final int index, final int field) {
        return buffer.getLong(offset + entryOffset + index * entryLength + field, LITTLE_ENDIAN);
    }

    private int u16(final int at) {
        return buffer.getShort(offset + at, LITTLE_ENDIAN) & 0xFFFF;
    }

    private int i32(final int field) {
        return buffer.getInt(offset + HEADER + field, LITTLE_ENDIAN);
    }

    private long i64(final int field) {
        return buffer.getLong(offset + HEADER + field, LITTLE_ENDIAN);
    }
}
