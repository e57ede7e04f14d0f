package org.farshore.dataplane.ship;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.Compression;
import org.farshore.dataplane.codecs.replication.ExtentFlagsDecoder;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.PieceHashesDecoder;
import org.farshore.dataplane.codecs.replication.StreamHeaderDecoder;
import org.farshore.dataplane.codecs.replication.UnreadableExtentDecoder;
import org.farshore.dataplane.codecs.replication.VolumeAddedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeRemovedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * A record message of the data stream, found to be whole before any of it is used.
 *
 * <p>{@link #wrap} trusts nothing: every length and count that the message names is compared with the bytes that are there
 * and with {@link StreamLimits} before it is followed, so that no accessor can leave the message afterwards. It reads by
 * the schema's offsets and does not use the generated decoders, whose group and data accessors believe what they read.
 * A block may be longer than this schema's (a newer peer adds fields at its end); it may not be shorter.
 *
 * <p>What it does not know: whether the volumes exist ({@link StreamMessageChecker#checkVolumes}), and whether a
 * compressed payload really gives the length that it declares ({@link BatchPayload}).
 *
 * <p>Reused for every message, nothing is allocated unless there is something to complain of. One thread.
 */
public final class RecordMessage {
    /** Offset in the message of its checksum field. */
    public static final int CHECKSUM_OFFSET = MessageHeaderDecoder.ENCODED_LENGTH;
    /** Template id of the first record message. */
    public static final int TEMPLATE_ID_MIN = WriteBatchDecoder.TEMPLATE_ID;
    /** Template id of the last record message. */
    public static final int TEMPLATE_ID_MAX = PieceHashesDecoder.TEMPLATE_ID;
    /** Most characters in the label of a barrier. */
    public static final int LABEL_LENGTH_MAX = 256;
    /** {@link ExtentKind#WRITE} as a number. */
    public static final int WRITE = ExtentKind.WRITE.value();
    /** {@link ExtentKind#ZERO} as a number. */
    public static final int ZERO = ExtentKind.ZERO.value();
    /** {@link ExtentKind#DISCARD} as a number. */
    public static final int DISCARD = ExtentKind.DISCARD.value();
    /** {@link ExtentKind#CHUNK} as a number. */
    public static final int CHUNK = ExtentKind.CHUNK.value();
    /** {@link ExtentKind#CHUNK_ZERO} as a number. */
    public static final int CHUNK_ZERO = ExtentKind.CHUNK_ZERO.value();

    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int GROUP_HEADER = WriteBatchDecoder.ExtentsDecoder.HEADER_SIZE;
    private static final int DATA_HEADER = Integer.BYTES;
    private static final int KEY_LENGTH = 32;
    private static final int HASH_LENGTH = 16;
    private static final int[] BLOCK_LENGTHS = {
        WriteBatchDecoder.BLOCK_LENGTH,
        BarrierDecoder.BLOCK_LENGTH,
        VolumeAddedDecoder.BLOCK_LENGTH,
        VolumeResizedDecoder.BLOCK_LENGTH,
        VolumeRemovedDecoder.BLOCK_LENGTH,
        VolumeStateDecoder.BLOCK_LENGTH,
        UnreadableExtentDecoder.BLOCK_LENGTH,
        PieceHashesDecoder.BLOCK_LENGTH
    };
    private static final int HEADER_BLOCK_LENGTH = MessageHeaderDecoder.blockLengthEncodingOffset();
    private static final int HEADER_TEMPLATE_ID = MessageHeaderDecoder.templateIdEncodingOffset();
    private static final int HEADER_SCHEMA_ID = MessageHeaderDecoder.schemaIdEncodingOffset();
    private static final int HEADER_VERSION = MessageHeaderDecoder.versionEncodingOffset();
    private static final int UNREADABLE_OFFSET = HEADER + UnreadableExtentDecoder.extentOffsetEncodingOffset();
    private static final int UNREADABLE_LENGTH = HEADER + UnreadableExtentDecoder.extentLengthEncodingOffset();
    private static final int EXTENT_LENGTH = WriteBatchDecoder.ExtentsDecoder.sbeBlockLength();
    private static final int SECTOR_LENGTH_MAX = 65_536;
    private static final int VOLUME_NAME_LENGTH_MAX = 64;
    private static final int KIND_MIN = WRITE;
    private static final int KIND_MAX = CHUNK_ZERO;
    private static final int FLAG_END = 1;
    private static final int FLAG_CONTINUED = 2;
    private static final int FLAGS = FLAG_END | FLAG_CONTINUED;
    private static final int COMPRESSION = HEADER + WriteBatchDecoder.compressionEncodingOffset();
    private static final int EXTENT_OFFSET = WriteBatchDecoder.ExtentsDecoder.offsetEncodingOffset();
    private static final int EXTENT_LENGTH_FIELD = WriteBatchDecoder.ExtentsDecoder.lengthEncodingOffset();
    private static final int EXTENT_VOLUME = WriteBatchDecoder.ExtentsDecoder.volumeEncodingOffset();
    private static final int EXTENT_KIND = WriteBatchDecoder.ExtentsDecoder.kindEncodingOffset();
    private static final int EXTENT_FLAGS = WriteBatchDecoder.ExtentsDecoder.flagsEncodingOffset();
    private static final int[] VOLUME_NUMBERS = {
        0,
        0,
        VolumeAddedDecoder.numberEncodingOffset(),
        VolumeResizedDecoder.numberEncodingOffset(),
        VolumeRemovedDecoder.numberEncodingOffset(),
        VolumeStateDecoder.numberEncodingOffset(),
        UnreadableExtentDecoder.numberEncodingOffset(),
        PieceHashesDecoder.volumeEncodingOffset()
    };

    static {
        if (!ExtentFlagsDecoder.end((byte) FLAG_END) || !ExtentFlagsDecoder.continued((byte) FLAG_CONTINUED)) {
            throw new ExceptionInInitializerError("flags of extents differ from the schema");
        }
    }

    private DirectBuffer buffer;
    private int offset;
    private int length;
    private int templateId;
    private int blockLength;
    private int groupOffset;
    private int groupEntryLength;
    private int groupCount;
    private int dataOffset;
    private int dataLength;
    private int secondDataOffset;
    private int secondDataLength;
    private long newestEnd;
    private boolean onlyChunks;

    /**
     * Looks at a message of {@code length} bytes.
     *
     * @return null when it is whole, else what is wrong with it; no accessor may then be used.
     */
    public String wrap(final DirectBuffer buffer, final int offset, final int length) {
        return wrap(buffer, offset, length, true);
    }

    /** As {@link #wrap(DirectBuffer, int, int)}, for a batch that was kept without its payload. */
    public String wrapWithoutPayload(final DirectBuffer buffer, final int offset, final int length) {
        return wrap(buffer, offset, length, false);
    }

    private String wrap(final DirectBuffer source, final int at, final int size, final boolean withPayload) {
        buffer = source;
        offset = at;
        length = size;
        groupCount = 0;
        dataOffset = 0;
        dataLength = 0;
        secondDataLength = 0;
        onlyChunks = false;
        final int shortest = HEADER + StreamHeaderDecoder.ENCODED_LENGTH;
        if (size < shortest || size > StreamLimits.MESSAGE_LENGTH_MAX) {
            return "a message of " + size + " bytes";
        }
        blockLength = u16(HEADER_BLOCK_LENGTH);
        templateId = u16(HEADER_TEMPLATE_ID);
        if (u16(HEADER_SCHEMA_ID) != WriteBatchDecoder.SCHEMA_ID
                || templateId < TEMPLATE_ID_MIN
                || templateId > TEMPLATE_ID_MAX) {
            return "template " + templateId + " of schema " + u16(HEADER_SCHEMA_ID) + " on the data stream";
        }
        if (blockLength < BLOCK_LENGTHS[templateId - TEMPLATE_ID_MIN] || HEADER + blockLength > size) {
            return "a block of " + blockLength + " bytes in template " + templateId;
        }
        if (recordCount() < 1 || firstSequence() < 1 || firstSequence() > Long.MAX_VALUE - recordCount()) {
            return "record count " + recordCount() + " from sequence " + firstSequence();
        }
        if (templateId != WriteBatchDecoder.TEMPLATE_ID) {
            newestEnd = endSequence();
            if (recordCount() != 1) {
                return "record count " + recordCount() + " in template " + templateId;
            }
        }
        return wrapBody(withPayload);
    }

    private String wrapBody(final boolean withPayload) {
        final int behindBlock = HEADER + blockLength;
        switch (templateId) {
            case WriteBatchDecoder.TEMPLATE_ID:
                return wrapBatch(behindBlock, withPayload);
            case BarrierDecoder.TEMPLATE_ID:
                return wrapBarrier(behindBlock);
            case VolumeAddedDecoder.TEMPLATE_ID:
                return wrapVolumeAdded(behindBlock);
            case PieceHashesDecoder.TEMPLATE_ID:
                return wrapPieceHashes(behindBlock);
            case VolumeResizedDecoder.TEMPLATE_ID:
                return isVolumeSize(volumeSize()) ? end(behindBlock) : "a volume of " + volumeSize() + " bytes";
            case UnreadableExtentDecoder.TEMPLATE_ID:
                return isExtent(i64(UNREADABLE_OFFSET), i64(UNREADABLE_LENGTH))
                        ? end(behindBlock)
                        : "an unreadable extent of " + i64(UNREADABLE_LENGTH) + " bytes at " + i64(UNREADABLE_OFFSET);
            default:
                return end(behindBlock);
        }
    }

    private String wrapBatch(final int at, final boolean withPayload) {
        String complaint = group(at, EXTENT_LENGTH, 1, StreamLimits.BATCH_EXTENTS_MAX);
        if (complaint == null) {
            complaint = data(groupEnd(), StreamLimits.BATCH_PAYLOAD_LENGTH_MAX);
        }
        if (complaint == null) {
            complaint = end(dataOffset + dataLength);
        }
        return complaint == null ? checkBatch(withPayload) : complaint;
    }

    private String checkBatch(final boolean withPayload) {
        long payload = 0;
        long sequence = firstSequence() - 1;
        newestEnd = 0;
        onlyChunks = true;
        for (int i = 0; i < groupCount; i++) {
            final int kind = extentKind(i);
            final int flags = extentFlags(i);
            final long extentLength = extentLength(i);
            final boolean carries = carriesPayload(kind);
            if (!isExtent(extentOffset(i), extentLength)
                    || kind < KIND_MIN
                    || kind > KIND_MAX
                    || (flags & ~FLAGS) != 0
                    || (carries && extentLength > StreamLimits.BATCH_PAYLOAD_LENGTH_MAX)) {
                return "extent " + i + " of kind " + kind + " and flags " + flags + " with " + extentLength
                        + " bytes at " + extentOffset(i);
            }
            payload += carries ? extentLength : 0;
            onlyChunks &= kind == CHUNK || kind == CHUNK_ZERO;
            if ((flags & FLAG_CONTINUED) == 0) {
                sequence++;
            } else if (i == 0) {
                return "the first extent continues a record";
            }
            if ((flags & FLAG_END) != 0) {
                newestEnd = sequence;
            }
        }
        if (sequence - firstSequence() + 1 != recordCount()) {
            return "record count " + recordCount() + " over extents of " + (sequence - firstSequence() + 1);
        }
        return checkPayload(payload, withPayload);
    }

    private String checkPayload(final long payload, final boolean withPayload) {
        final int declared = uncompressedLength();
        final int compression = buffer.getByte(offset + COMPRESSION) & 0xFF;
        if (payload != declared) {
            return "payload of " + declared + " bytes for extents of " + payload;
        }
        if (!withPayload && dataLength == 0) {
            return null;
        }
        final boolean plain = compression == Compression.NONE.value() && dataLength == declared;
        final boolean lz4 = compression == Compression.LZ4.value() && dataLength > 0 && dataLength <= declared;
        if (!plain && !lz4) {
            return "payload of " + dataLength + " bytes, compression " + compression + ", for extents of " + payload;
        }
        return null;
    }

    private String wrapBarrier(final int at) {
        String complaint = group(at, BarrierDecoder.VolumesDecoder.sbeBlockLength(), 0, StreamLimits.VOLUMES_MAX);
        if (complaint == null) {
            complaint = data(groupEnd(), LABEL_LENGTH_MAX);
        }
        return complaint == null ? end(dataOffset + dataLength) : complaint;
    }

    private String wrapVolumeAdded(final int at) {
        final int sectorSize = volumeSectorSize();
        if (!isVolumeSize(volumeSize())
                || sectorSize < StreamLimits.SECTOR_LENGTH
                || sectorSize > SECTOR_LENGTH_MAX
                || Integer.bitCount(sectorSize) != 1) {
            return "a volume of " + volumeSize() + " bytes in sectors of " + sectorSize;
        }
        final String complaint = data(at, VOLUME_NAME_LENGTH_MAX);
        return complaint == null ? end(dataOffset + dataLength) : complaint;
    }

    private String wrapPieceHashes(final int at) {
        if (pieceLength() != StreamLimits.PIECE_LENGTH
                || pieceCount() < 1
                || pieceCount() > StreamLimits.PIECES_PER_MESSAGE_MAX
                || firstPiece() < 0
                || firstPiece() > StreamLimits.VOLUME_LENGTH_MAX / StreamLimits.PIECE_LENGTH) {
            return pieceCount() + " pieces of " + pieceLength() + " bytes from " + firstPiece();
        }
        String complaint = data(at, KEY_LENGTH);
        if (complaint == null && dataLength != KEY_LENGTH) {
            complaint = "a compare key of " + dataLength + " bytes";
        }
        if (complaint != null) {
            return complaint;
        }
        final int keyOffset = dataOffset;
        complaint = data(keyOffset + KEY_LENGTH, pieceCount() * HASH_LENGTH);
        secondDataOffset = dataOffset;
        secondDataLength = dataLength;
        dataOffset = keyOffset;
        dataLength = KEY_LENGTH;
        if (complaint == null && secondDataLength != pieceCount() * HASH_LENGTH) {
            complaint = "hashes of " + secondDataLength + " bytes for " + pieceCount() + " pieces";
        }
        return complaint == null ? end(secondDataOffset + secondDataLength) : complaint;
    }

    private String group(final int at, final int entryLengthMin, final int countMin, final int countMax) {
        if (at + GROUP_HEADER > length) {
            return "no room for the table at " + at + " of " + length + " bytes";
        }
        groupEntryLength = u16(at);
        groupCount = u16(at + Short.BYTES);
        groupOffset = at + GROUP_HEADER;
        if (groupEntryLength < entryLengthMin
                || groupCount < countMin
                || groupCount > countMax
                || groupEnd() > length) {
            return "a table of " + groupCount + " entries of " + groupEntryLength + " bytes at " + at + " of " + length;
        }
        return null;
    }

    private int groupEnd() {
        return groupOffset + groupCount * groupEntryLength;
    }

    private String data(final int at, final int lengthMax) {
        if (at + DATA_HEADER > length) {
            return "no room for data at " + at + " of " + length + " bytes";
        }
        dataLength = buffer.getInt(offset + at, LITTLE_ENDIAN);
        dataOffset = at + DATA_HEADER;
        if (dataLength < 0 || dataLength > lengthMax || dataLength > length - dataOffset) {
            return "data of " + (dataLength & 0xFFFF_FFFFL) + " bytes at " + at + " of " + length;
        }
        return null;
    }

    /** A newer version may have more behind; ours ends here. */
    private String end(final int at) {
        return at == length || u16(HEADER_VERSION) > WriteBatchDecoder.SCHEMA_VERSION
                ? null
                : "template " + templateId + " ends at " + at + " of " + length + " bytes";
    }

    /** True for kinds whose bytes are in the payload. */
    public static boolean carriesPayload(final int kind) {
        return kind == WRITE || kind == CHUNK;
    }

    private static boolean isExtent(final long extentOffset, final long extentLength) {
        return extentOffset >= 0
                && extentLength > 0
                && ((extentOffset | extentLength) & (StreamLimits.SECTOR_LENGTH - 1)) == 0
                && extentOffset <= StreamLimits.VOLUME_LENGTH_MAX
                && extentLength <= StreamLimits.VOLUME_LENGTH_MAX - extentOffset;
    }

    private static boolean isVolumeSize(final long size) {
        return size > 0 && size <= StreamLimits.VOLUME_LENGTH_MAX && (size & (StreamLimits.SECTOR_LENGTH - 1)) == 0;
    }

    /** Which message it is. */
    public int templateId() {
        return templateId;
    }

    /** Where the message lies. */
    public DirectBuffer buffer() {
        return buffer;
    }

    /** Where in {@link #buffer()} the message begins. */
    public int offset() {
        return offset;
    }

    /** Length of the whole message in bytes. */
    public int length() {
        return length;
    }

    /** The checksum in the message. */
    public int checksum() {
        return i32(CHECKSUM_OFFSET);
    }

    /** The checksum that the message ought to have. */
    public int computeChecksum() {
        return Crc32c.computeAround(buffer, offset, length, CHECKSUM_OFFSET);
    }

    /** Checksum of the record message before it in this incarnation. */
    public int previousChecksum() {
        return i32(HEADER + StreamHeaderDecoder.previousChecksumEncodingOffset());
    }

    /** High half of the machine's id. */
    public long machineIdHigh() {
        return i64(HEADER + StreamHeaderDecoder.machineIdHighEncodingOffset());
    }

    /** Low half of the machine's id. */
    public long machineIdLow() {
        return i64(HEADER + StreamHeaderDecoder.machineIdLowEncodingOffset());
    }

    /** Generation of the stream. */
    public int generation() {
        return i32(HEADER + StreamHeaderDecoder.generationEncodingOffset());
    }

    /** Incarnation in which the message was made. */
    public int incarnation() {
        return i32(HEADER + StreamHeaderDecoder.incarnationEncodingOffset());
    }

    /** Sequence of its first record. */
    public long firstSequence() {
        return i64(HEADER + StreamHeaderDecoder.firstSequenceEncodingOffset());
    }

    /** Sequence of its last record. */
    public long lastSequence() {
        return firstSequence() + recordCount() - 1;
    }

    /** Sequence of the newest END at or before the end of the message, as its header says. */
    public long endSequence() {
        return i64(HEADER + StreamHeaderDecoder.endSequenceEncodingOffset());
    }

    /** Position in the capture ring behind that END. */
    public long capturePosition() {
        return i64(HEADER + StreamHeaderDecoder.capturePositionEncodingOffset());
    }

    /** Capture time of the oldest record, on the clock of the protected machine. */
    public long captureTimeNs() {
        return i64(HEADER + StreamHeaderDecoder.captureTimeNsEncodingOffset());
    }

    /** How many consecutive sequences it takes. */
    public int recordCount() {
        return i32(HEADER + StreamHeaderDecoder.recordCountEncodingOffset());
    }

    /** Batch: sequence of the newest record in it that bears the END flag, 0 for none. */
    public long newestEndOfBatch() {
        return newestEnd;
    }

    /** Batch: true when all extents are blocks read from the device. */
    public boolean hasOnlyChunks() {
        return onlyChunks;
    }

    /** Entries of a batch's extent table, or of a barrier's table of volumes. */
    public int groupCount() {
        return groupCount;
    }

    /** Batch: byte offset of an extent in its volume. */
    public long extentOffset(final int index) {
        return i64(groupOffset + index * groupEntryLength + EXTENT_OFFSET);
    }

    /** Batch: length of an extent in bytes. */
    public long extentLength(final int index) {
        return i64(groupOffset + index * groupEntryLength + EXTENT_LENGTH_FIELD);
    }

    /** Batch: number of an extent's volume. */
    public int extentVolume(final int index) {
        return u16(groupOffset + index * groupEntryLength + EXTENT_VOLUME);
    }

    /** Batch: kind of an extent, such as {@link #WRITE}. */
    public int extentKind(final int index) {
        return buffer.getByte(offset + groupOffset + index * groupEntryLength + EXTENT_KIND) & 0xFF;
    }

    /** Batch: true when this entry belongs to the record of the entry before. */
    public boolean extentContinues(final int index) {
        return (extentFlags(index) & FLAG_CONTINUED) != 0;
    }

    /** Batch: true when no captured bio is open behind this entry's record. */
    public boolean extentEnds(final int index) {
        return (extentFlags(index) & FLAG_END) != 0;
    }

    private int extentFlags(final int index) {
        return buffer.getByte(offset + groupOffset + index * groupEntryLength + EXTENT_FLAGS) & 0xFF;
    }

    /** Batch: bytes of payload behind decompression. */
    public int uncompressedLength() {
        return i32(HEADER + WriteBatchDecoder.uncompressedLengthEncodingOffset());
    }

    /** Batch: true when the payload is one LZ4 block. */
    public boolean isCompressed() {
        return buffer.getByte(offset + COMPRESSION) == Compression.LZ4.value();
    }

    /** Offset in the message of a batch's payload, a barrier's label, a volume's name or a compare's key. */
    public int dataOffset() {
        return dataOffset;
    }

    /** Length of what lies at {@link #dataOffset()}. */
    public int dataLength() {
        return dataLength;
    }

    /** What lies at {@link #dataOffset()} as text; allocates. */
    public String text() {
        return buffer.getStringWithoutLengthAscii(offset + dataOffset, dataLength);
    }

    /** Barrier: number of a volume that was ORDERED at the cut. */
    public int barrierVolume(final int index) {
        return u16(groupOffset + index * groupEntryLength);
    }

    /** Messages about one volume: its number. */
    public int volumeNumber() {
        return u16(HEADER + VOLUME_NUMBERS[templateId - TEMPLATE_ID_MIN]);
    }

    /** Volume added or resized: its size in bytes. */
    public long volumeSize() {
        return i64(HEADER
                + (templateId == VolumeAddedDecoder.TEMPLATE_ID
                        ? VolumeAddedDecoder.sizeBytesEncodingOffset()
                        : VolumeResizedDecoder.sizeBytesEncodingOffset()));
    }

    /** Volume added: high half of its random id. */
    public long volumeUuidHigh() {
        return i64(HEADER + VolumeAddedDecoder.uuidHighEncodingOffset());
    }

    /** Volume added: low half of its random id. */
    public long volumeUuidLow() {
        return i64(HEADER + VolumeAddedDecoder.uuidLowEncodingOffset());
    }

    /** Volume added: length of its sectors in bytes. */
    public int volumeSectorSize() {
        return i32(HEADER + VolumeAddedDecoder.sectorSizeEncodingOffset());
    }

    /** Volume state: the new write-order state as a number. */
    public int writeOrder() {
        return buffer.getByte(offset + HEADER + VolumeStateDecoder.writeOrderEncodingOffset()) & 0xFF;
    }

    /** Compare: number of the first piece. */
    public long firstPiece() {
        return i64(HEADER + PieceHashesDecoder.firstPieceEncodingOffset());
    }

    /** Compare: how many pieces. */
    public int pieceCount() {
        return i32(HEADER + PieceHashesDecoder.pieceCountEncodingOffset());
    }

    private int pieceLength() {
        return i32(HEADER + PieceHashesDecoder.pieceLengthEncodingOffset());
    }

    /** Compare: offset in the message of the hashes. */
    public int hashesOffset() {
        return secondDataOffset;
    }

    private int u16(final int at) {
        return buffer.getShort(offset + at, LITTLE_ENDIAN) & 0xFFFF;
    }

    private int i32(final int at) {
        return buffer.getInt(offset + at, LITTLE_ENDIAN);
    }

    private long i64(final int at) {
        return buffer.getLong(offset + at, LITTLE_ENDIAN);
    }
}
