package org.farshore.dataplane.ship;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import net.jpountz.lz4.LZ4Factory;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.BarrierEncoder;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.codecs.replication.Compression;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.PieceHashesEncoder;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.StreamHeaderEncoder;
import org.farshore.dataplane.codecs.replication.VolumeAddedEncoder;
import org.farshore.dataplane.codecs.replication.VolumeRemovedEncoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedEncoder;
import org.farshore.dataplane.codecs.replication.VolumeStateEncoder;
import org.farshore.dataplane.codecs.replication.WriteBatchEncoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * Writes the record messages of one stream as a sender does: numbers, chain, END and capture position follow from each
 * other. For tests; allocates as it likes.
 */
public final class MessageWriter {
    /** One extent to be written; payload null for kinds without. */
    public record Extent(
            int volume, ExtentKind kind, long offset, long length, byte[] payload, boolean end, boolean continued) {
        /** A captured write that is an END. */
        public static Extent write(final int volume, final long offset, final byte[] payload) {
            return new Extent(volume, ExtentKind.WRITE, offset, payload.length, payload, true, false);
        }

        /** A piece of a captured write that stays open. */
        public static Extent open(final int volume, final long offset, final byte[] payload) {
            return new Extent(volume, ExtentKind.WRITE, offset, payload.length, payload, false, false);
        }

        /** Blocks read from the device. */
        public static Extent chunk(final int volume, final long offset, final byte[] payload) {
            return new Extent(volume, ExtentKind.CHUNK, offset, payload.length, payload, true, false);
        }

        /** An extent without payload that is an END. */
        public static Extent empty(final int volume, final ExtentKind kind, final long offset, final long length) {
            return new Extent(volume, kind, offset, length, null, true, false);
        }
    }

    private final long machineIdHigh;
    private final long machineIdLow;
    private final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 17));
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private int generation;
    private int incarnation;
    private long nextSequence;
    private long endSequence;
    private long capturePosition;
    private int previousChecksum;
    private int length;
    private boolean compress;
    private int entryLength;
    private long captureTimeNs = 1;

    public MessageWriter(final long machineIdHigh, final long machineIdLow) {
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
    }

    /** Begins as a Welcome says. */
    public MessageWriter begin(
            final int generation, final int incarnation, final long nextSequence, final long capture) {
        this.generation = generation;
        this.incarnation = incarnation;
        this.nextSequence = nextSequence;
        this.endSequence = nextSequence - 1;
        this.capturePosition = capture;
        this.previousChecksum = 0;
        return this;
    }

    /** From now on the entries of a batch's table have this length. */
    public MessageWriter entryLength(final int newEntryLength) {
        this.entryLength = newEntryLength;
        return this;
    }

    /** From now on messages bear this time of capture. */
    public MessageWriter captureTimeNs(final long newCaptureTimeNs) {
        this.captureTimeNs = newCaptureTimeNs;
        return this;
    }

    /** From now on batches are compressed. */
    public MessageWriter compress(final boolean compress) {
        this.compress = compress;
        return this;
    }

    public MessageWriter batch(final Extent... extents) {
        return batch(List.of(extents));
    }

    public MessageWriter batch(final List<Extent> extents) {
        final WriteBatchEncoder encoder = new WriteBatchEncoder().wrapAndApplyHeader(buffer, 0, messageHeader);
        int records = 0;
        int payloadLength = 0;
        long end = endSequence;
        for (final Extent extent : extents) {
            records += extent.continued ? 0 : 1;
            payloadLength += extent.payload == null ? 0 : extent.payload.length;
            end = extent.end ? nextSequence + records - 1 : end;
            capturePosition += extent.end ? 64 : 0;
        }
        final ByteBuffer payload = ByteBuffer.allocate(payloadLength);
        header(encoder.header(), records, end);
        final byte[] stored = new byte[payloadLength];
        for (final Extent extent : extents) {
            if (extent.payload != null) {
                payload.put(extent.payload);
            }
        }
        payload.flip().get(stored);
        final byte[] shorter = compress && payloadLength > 0
                ? LZ4Factory.safeInstance().fastCompressor().compress(stored)
                : stored;
        final boolean lz4 = shorter.length < stored.length;
        encoder.uncompressedLength(payloadLength)
                .compression(lz4 ? Compression.LZ4 : Compression.NONE)
                .reserved1((short) 0)
                .reserved2(0);
        final WriteBatchEncoder.ExtentsEncoder table = encoder.extentsCount(extents.size());
        for (final Extent extent : extents) {
            table.next()
                    .offset(extent.offset)
                    .length(extent.length)
                    .volume(extent.volume)
                    .kind(extent.kind);
            table.flags().clear().end(extent.end).continued(extent.continued);
            table.reserved(0);
        }
        encoder.putPayload(lz4 ? shorter : stored, 0, lz4 ? shorter.length : stored.length);
        return finish(widen(encoder.encodedLength(), extents.size()), records, end);
    }

    /** Entries as a newer sender may make them: known fields first, others behind. */
    private int widen(final int bodyLength, final int entries) {
        final int narrow = WriteBatchEncoder.ExtentsEncoder.sbeBlockLength();
        if (entryLength <= narrow) {
            return bodyLength;
        }
        final int group = MessageHeaderEncoder.ENCODED_LENGTH + WriteBatchEncoder.BLOCK_LENGTH;
        final int table = group + WriteBatchEncoder.ExtentsEncoder.HEADER_SIZE;
        final byte[] before = new byte[MessageHeaderEncoder.ENCODED_LENGTH + bodyLength];
        buffer.getBytes(0, before);
        buffer.putShort(group, (short) entryLength, ByteOrder.LITTLE_ENDIAN);
        buffer.setMemory(table, entries * entryLength, (byte) 0);
        for (int i = 0; i < entries; i++) {
            buffer.putBytes(table + i * entryLength, before, table + i * narrow, narrow);
        }
        final int behind = table + entries * narrow;
        buffer.putBytes(table + entries * entryLength, before, behind, before.length - behind);
        return bodyLength + entries * (entryLength - narrow);
    }

    public MessageWriter barrier(final int... volumes) {
        return barrier(1, BarrierKind.CRASH, "", volumes);
    }

    public MessageWriter barrier(
            final long wallTimeNs, final BarrierKind kind, final String label, final int... volumes) {
        final BarrierEncoder encoder = new BarrierEncoder().wrapAndApplyHeader(buffer, 0, messageHeader);
        header(encoder.header(), 1, nextSequence);
        encoder.wallTimeNs(wallTimeNs).kind(kind).reserved1((short) 0).reserved2(0);
        final BarrierEncoder.VolumesEncoder table = encoder.volumesCount(volumes.length);
        for (final int volume : volumes) {
            table.next().number(volume);
        }
        encoder.label(label);
        return finish(encoder.encodedLength(), 1, nextSequence);
    }

    public MessageWriter volumeAdded(final int number, final long uuid, final long size, final String name) {
        final VolumeAddedEncoder encoder = new VolumeAddedEncoder().wrapAndApplyHeader(buffer, 0, messageHeader);
        header(encoder.header(), 1, nextSequence);
        encoder.uuidHigh(uuid)
                .uuidLow(~uuid)
                .sizeBytes(size)
                .sectorSize(512)
                .number(number)
                .volumeName(name);
        return finish(encoder.encodedLength(), 1, nextSequence);
    }

    public MessageWriter volumeResized(final int number, final long size) {
        final VolumeResizedEncoder encoder = new VolumeResizedEncoder().wrapAndApplyHeader(buffer, 0, messageHeader);
        header(encoder.header(), 1, nextSequence);
        encoder.sizeBytes(size).number(number);
        return finish(encoder.encodedLength(), 1, nextSequence);
    }

    public MessageWriter volumeRemoved(final int number) {
        final VolumeRemovedEncoder encoder = new VolumeRemovedEncoder().wrapAndApplyHeader(buffer, 0, messageHeader);
        header(encoder.header(), 1, nextSequence);
        encoder.number(number);
        return finish(encoder.encodedLength(), 1, nextSequence);
    }

    public MessageWriter volumeState(final int number, final WriteOrder order, final StateReason reason) {
        final VolumeStateEncoder encoder = new VolumeStateEncoder().wrapAndApplyHeader(buffer, 0, messageHeader);
        header(encoder.header(), 1, nextSequence);
        encoder.number(number).writeOrder(order).reason(reason);
        return finish(encoder.encodedLength(), 1, nextSequence);
    }

    public MessageWriter pieceHashes(final int volume, final long firstPiece, final byte[] key, final byte[] hashes) {
        final PieceHashesEncoder encoder = new PieceHashesEncoder().wrapAndApplyHeader(buffer, 0, messageHeader);
        header(encoder.header(), 1, nextSequence);
        encoder.firstPiece(firstPiece)
                .pieceLength(StreamLimits.PIECE_LENGTH)
                .pieceCount(hashes.length / 16)
                .volume(volume);
        encoder.putKey(key, 0, key.length).putHashes(hashes, 0, hashes.length);
        return finish(encoder.encodedLength(), 1, nextSequence);
    }

    /** The message, valid until the next one is written. */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    public int length() {
        return length;
    }

    /** The message as bytes of its own. */
    public byte[] bytes() {
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        return bytes;
    }

    public long nextSequence() {
        return nextSequence;
    }

    public long endSequence() {
        return endSequence;
    }

    public long capturePosition() {
        return capturePosition;
    }

    /** Computes the checksum again after a test has changed the message. */
    public void seal() {
        buffer.putInt(
                RecordMessage.CHECKSUM_OFFSET,
                Crc32c.computeAround(buffer, 0, length, RecordMessage.CHECKSUM_OFFSET),
                ByteOrder.LITTLE_ENDIAN);
    }

    private void header(final StreamHeaderEncoder header, final int records, final long end) {
        header.checksum(0)
                .previousChecksum(Integer.toUnsignedLong(previousChecksum))
                .machineIdHigh(machineIdHigh)
                .machineIdLow(machineIdLow)
                .generation(generation)
                .incarnation(incarnation)
                .firstSequence(nextSequence)
                .endSequence(end)
                .capturePosition(capturePosition)
                .captureTimeNs(captureTimeNs)
                .recordCount(records)
                .reserved(0);
    }

    private MessageWriter finish(final int bodyLength, final int records, final long end) {
        length = MessageHeaderEncoder.ENCODED_LENGTH + bodyLength;
        seal();
        previousChecksum = buffer.getInt(RecordMessage.CHECKSUM_OFFSET, ByteOrder.LITTLE_ENDIAN);
        nextSequence += records;
        endSequence = end;
        return this;
    }
}
