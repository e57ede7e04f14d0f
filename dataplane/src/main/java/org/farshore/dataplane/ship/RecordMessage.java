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
public final class RecordMessage extends RecordFields {
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
    private static final int EXTENT_ENTRY_LENGTH = WriteBatchDecoder.ExtentsDecoder.sbeBlockLength();
    private static final int SECTOR_LENGTH_MAX = 65_536;
    private static final int VOLUME_NAME_LENGTH_MAX = 64;
    private static final int KIND_MIN = WRITE;
    private static final int KIND_MAX = CHUNK_ZERO;
    private static final int FLAGS = FLAG_END | FLAG_CONTINUED;

    static {
        if (!ExtentFlagsDecoder.end((byte) FLAG_END) || !ExtentFlagsDecoder.continued((byte) FLAG_CONTINUED)) {
            throw new ExceptionInInitializerError("flags of extents differ from the schema");
        }
    }

    private int blockLength;

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
                return isExtent(unreadableOffset(), unreadableLength())
                        ? end(behindBlock)
                        : "an unreadable extent of " + unreadableLength() + " bytes at " + unreadableOffset();
            default:
                return end(behindBlock);
        }
    }

    private String wrapBatch(final int at, final boolean withPayload) {
        String complaint = group(at, EXTENT_ENTRY_LENGTH, 1, StreamLimits.BATCH_EXTENTS_MAX);
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
        final int compression = compression();
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
        final int hashesLength = dataLength;
        dataOffset = keyOffset;
        dataLength = KEY_LENGTH;
        if (complaint == null && hashesLength != pieceCount() * HASH_LENGTH) {
            complaint = "hashes of " + hashesLength + " bytes for " + pieceCount() + " pieces";
        }
        return complaint == null ? end(secondDataOffset + hashesLength) : complaint;
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
}
