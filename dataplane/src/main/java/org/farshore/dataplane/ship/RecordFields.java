package org.farshore.dataplane.ship;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.Compression;
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
 * The fields of a record message, read by the schema's offsets. Nothing here is checked: that is done once, by
 * {@link RecordMessage}, which finds the table and the data and sets their places.
 */
abstract class RecordFields {
    /** Offset in the message of its checksum field. */
    public static final int CHECKSUM_OFFSET = MessageHeaderDecoder.ENCODED_LENGTH;

    static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    static final int FLAG_END = 1;
    static final int FLAG_CONTINUED = 2;

    private static final int COMPRESSION = HEADER + WriteBatchDecoder.compressionEncodingOffset();
    private static final int EXTENT_OFFSET = WriteBatchDecoder.ExtentsDecoder.offsetEncodingOffset();
    private static final int EXTENT_LENGTH = WriteBatchDecoder.ExtentsDecoder.lengthEncodingOffset();
    private static final int EXTENT_VOLUME = WriteBatchDecoder.ExtentsDecoder.volumeEncodingOffset();
    private static final int EXTENT_KIND = WriteBatchDecoder.ExtentsDecoder.kindEncodingOffset();
    private static final int EXTENT_FLAGS = WriteBatchDecoder.ExtentsDecoder.flagsEncodingOffset();
    private static final int UNREADABLE_OFFSET = HEADER + UnreadableExtentDecoder.extentOffsetEncodingOffset();
    private static final int UNREADABLE_LENGTH = HEADER + UnreadableExtentDecoder.extentLengthEncodingOffset();
    /** Where the number of the volume stands, by template. */
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

    DirectBuffer buffer;
    int offset;
    int length;
    int templateId;
    int groupOffset;
    int groupEntryLength;
    int groupCount;
    int dataOffset;
    int dataLength;
    int secondDataOffset;
    long newestEnd;
    boolean onlyChunks;

    /** Which message it is. */
    public final int templateId() {
        return templateId;
    }

    /** Where the message lies. */
    public final DirectBuffer buffer() {
        return buffer;
    }

    /** Where in {@link #buffer()} the message begins. */
    public final int offset() {
        return offset;
    }

    /** Length of the whole message in bytes. */
    public final int length() {
        return length;
    }

    /** The checksum in the message. */
    public final int checksum() {
        return i32(CHECKSUM_OFFSET);
    }

    /** The checksum that the message ought to have. */
    public final int computeChecksum() {
        return Crc32c.computeAround(buffer, offset, length, CHECKSUM_OFFSET);
    }

    /** Checksum of the record message before it in this incarnation. */
    public final int previousChecksum() {
        return i32(HEADER + StreamHeaderDecoder.previousChecksumEncodingOffset());
    }

    /** High half of the machine's id. */
    public final long machineIdHigh() {
        return i64(HEADER + StreamHeaderDecoder.machineIdHighEncodingOffset());
    }

    /** Low half of the machine's id. */
    public final long machineIdLow() {
        return i64(HEADER + StreamHeaderDecoder.machineIdLowEncodingOffset());
    }

    /** Generation of the stream. */
    public final int generation() {
        return i32(HEADER + StreamHeaderDecoder.generationEncodingOffset());
    }

    /** Incarnation in which the message was made. */
    public final int incarnation() {
        return i32(HEADER + StreamHeaderDecoder.incarnationEncodingOffset());
    }

    /** Sequence of its first record. */
    public final long firstSequence() {
        return i64(HEADER + StreamHeaderDecoder.firstSequenceEncodingOffset());
    }

    /** Sequence of its last record. */
    public final long lastSequence() {
        return firstSequence() + recordCount() - 1;
    }

    /** Sequence of the newest END at or before the end of the message, as its header says. */
    public final long endSequence() {
        return i64(HEADER + StreamHeaderDecoder.endSequenceEncodingOffset());
    }

    /** Position in the capture ring behind that END. */
    public final long capturePosition() {
        return i64(HEADER + StreamHeaderDecoder.capturePositionEncodingOffset());
    }

    /** Capture time of the oldest record, on the clock of the protected machine. */
    public final long captureTimeNs() {
        return i64(HEADER + StreamHeaderDecoder.captureTimeNsEncodingOffset());
    }

    /** How many consecutive sequences it takes. */
    public final int recordCount() {
        return i32(HEADER + StreamHeaderDecoder.recordCountEncodingOffset());
    }

    /** Batch: sequence of the newest record in it that bears the END flag, 0 for none. */
    public final long newestEndOfBatch() {
        return newestEnd;
    }

    /** Batch: true when all extents are blocks read from the device. */
    public final boolean hasOnlyChunks() {
        return onlyChunks;
    }

    /** Entries of a batch's extent table, or of a barrier's table of volumes. */
    public final int groupCount() {
        return groupCount;
    }

    /** Batch: byte offset of an extent in its volume. */
    public final long extentOffset(final int index) {
        return i64(groupOffset + index * groupEntryLength + EXTENT_OFFSET);
    }

    /** Batch: length of an extent in bytes. */
    public final long extentLength(final int index) {
        return i64(groupOffset + index * groupEntryLength + EXTENT_LENGTH);
    }

    /** Batch: number of an extent's volume. */
    public final int extentVolume(final int index) {
        return u16(groupOffset + index * groupEntryLength + EXTENT_VOLUME);
    }

    /** Batch: kind of an extent, such as {@link RecordMessage#WRITE}. */
    public final int extentKind(final int index) {
        return buffer.getByte(offset + groupOffset + index * groupEntryLength + EXTENT_KIND) & 0xFF;
    }

    /** Batch: true when this entry belongs to the record of the entry before. */
    public final boolean extentContinues(final int index) {
        return (extentFlags(index) & FLAG_CONTINUED) != 0;
    }

    /** Batch: true when no captured bio is open behind this entry's record. */
    public final boolean extentEnds(final int index) {
        return (extentFlags(index) & FLAG_END) != 0;
    }

    final int extentFlags(final int index) {
        return buffer.getByte(offset + groupOffset + index * groupEntryLength + EXTENT_FLAGS) & 0xFF;
    }

    /** Batch: bytes of payload behind decompression. */
    public final int uncompressedLength() {
        return i32(HEADER + WriteBatchDecoder.uncompressedLengthEncodingOffset());
    }

    final int compression() {
        return buffer.getByte(offset + COMPRESSION) & 0xFF;
    }

    /** Batch: true when the payload is one LZ4 block. */
    public final boolean isCompressed() {
        return compression() == Compression.LZ4.value();
    }

    /** Offset in the message of a batch's payload, a barrier's label, a volume's name or a compare's key. */
    public final int dataOffset() {
        return dataOffset;
    }

    /** Length of what lies at {@link #dataOffset()}. */
    public final int dataLength() {
        return dataLength;
    }

    /** What lies at {@link #dataOffset()} as text; allocates. */
    public final String text() {
        return buffer.getStringWithoutLengthAscii(offset + dataOffset, dataLength);
    }

    /** Barrier: wall clock of the protected machine at the cut, epoch nanoseconds. */
    public final long barrierWallTimeNs() {
        return i64(HEADER + BarrierDecoder.wallTimeNsEncodingOffset());
    }

    /** Barrier: what made the cut, as a number. */
    public final int barrierKind() {
        return buffer.getByte(offset + HEADER + BarrierDecoder.kindEncodingOffset()) & 0xFF;
    }

    /** Barrier: number of a volume that was ORDERED at the cut. */
    public final int barrierVolume(final int index) {
        return u16(groupOffset + index * groupEntryLength);
    }

    /** Messages about one volume: its number. */
    public final int volumeNumber() {
        return u16(HEADER + VOLUME_NUMBERS[templateId - WriteBatchDecoder.TEMPLATE_ID]);
    }

    /** Volume added or resized: its size in bytes. */
    public final long volumeSize() {
        return i64(HEADER
                + (templateId == VolumeAddedDecoder.TEMPLATE_ID
                        ? VolumeAddedDecoder.sizeBytesEncodingOffset()
                        : VolumeResizedDecoder.sizeBytesEncodingOffset()));
    }

    /** Volume added: high half of its random id. */
    public final long volumeUuidHigh() {
        return i64(HEADER + VolumeAddedDecoder.uuidHighEncodingOffset());
    }

    /** Volume added: low half of its random id. */
    public final long volumeUuidLow() {
        return i64(HEADER + VolumeAddedDecoder.uuidLowEncodingOffset());
    }

    /** Volume added: length of its sectors in bytes. */
    public final int volumeSectorSize() {
        return i32(HEADER + VolumeAddedDecoder.sectorSizeEncodingOffset());
    }

    /** Volume state: the new write-order state as a number. */
    public final int writeOrder() {
        return buffer.getByte(offset + HEADER + VolumeStateDecoder.writeOrderEncodingOffset()) & 0xFF;
    }

    final long unreadableOffset() {
        return i64(UNREADABLE_OFFSET);
    }

    final long unreadableLength() {
        return i64(UNREADABLE_LENGTH);
    }

    /** Compare: number of the first piece. */
    public final long firstPiece() {
        return i64(HEADER + PieceHashesDecoder.firstPieceEncodingOffset());
    }

    /** Compare: how many pieces. */
    public final int pieceCount() {
        return i32(HEADER + PieceHashesDecoder.pieceCountEncodingOffset());
    }

    final int pieceLength() {
        return i32(HEADER + PieceHashesDecoder.pieceLengthEncodingOffset());
    }

    /** Compare: offset in the message of the hashes. */
    public final int hashesOffset() {
        return secondDataOffset;
    }

    final int u16(final int at) {
        return buffer.getShort(offset + at, LITTLE_ENDIAN) & 0xFFFF;
    }

    final int i32(final int at) {
        return buffer.getInt(offset + at, LITTLE_ENDIAN);
    }

    final long i64(final int at) {
        return buffer.getLong(offset + at, LITTLE_ENDIAN);
    }
}
