package org.farshore.agent.stream;

import org.agrona.DirectBuffer;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.dataplane.codecs.replication.BarrierEncoder;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.PieceHashesEncoder;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.StreamHeaderEncoder;
import org.farshore.dataplane.codecs.replication.UnreadableExtentEncoder;
import org.farshore.dataplane.codecs.replication.VolumeAddedEncoder;
import org.farshore.dataplane.codecs.replication.VolumeRemovedEncoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedEncoder;
import org.farshore.dataplane.codecs.replication.VolumeStateEncoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Encodes the record messages that hold one record. Every method answers false when the link has no room now; nothing was
 * sent then. One thread.
 */
public final class SingleRecords {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int HASH_LENGTH = 16;

    private final RecordWriter writer;
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final BarrierEncoder barrier = new BarrierEncoder();
    private final VolumeAddedEncoder added = new VolumeAddedEncoder();
    private final VolumeResizedEncoder resized = new VolumeResizedEncoder();
    private final VolumeRemovedEncoder removed = new VolumeRemovedEncoder();
    private final VolumeStateEncoder state = new VolumeStateEncoder();
    private final UnreadableExtentEncoder unreadable = new UnreadableExtentEncoder();
    private final PieceHashesEncoder hashes = new PieceHashesEncoder();
    private int endRecord;
    private long position;
    private long timeNs;

    public SingleRecords(final RecordWriter writer) {
        this.writer = writer;
    }

    /**
     * Where the stream stands for the records that follow.
     *
     * @param isEnd true when no captured bio is open here.
     * @param takenPosition capture position here.
     */
    public SingleRecords at(final boolean isEnd, final long takenPosition, final long nowNs) {
        endRecord = isEnd ? 0 : RecordWriter.NO_END;
        position = takenPosition;
        timeNs = nowNs;
        return this;
    }

    /** A cut whose clock was read at {@code cutTimeNs}; volumes are the set bits of {@code volumes}. */
    public boolean barrier(final long cutTimeNs, final long wallTimeNs, final BarrierKind kind, final long volumes) {
        final int count = Long.bitCount(volumes);
        final int length = HEADER
                + BarrierEncoder.BLOCK_LENGTH
                + BarrierEncoder.VolumesEncoder.HEADER_SIZE
                + count * BarrierEncoder.VolumesEncoder.sbeBlockLength()
                + BarrierEncoder.labelHeaderLength();
        if (!writer.claim(length)) {
            return false;
        }
        barrier.wrapAndApplyHeader(writer.buffer(), writer.offset(), messageHeader);
        writer.header(barrier.header(), 1, endRecord, position, cutTimeNs);
        barrier.wallTimeNs(wallTimeNs).kind(kind).reserved1((short) 0).reserved2(0);
        final BarrierEncoder.VolumesEncoder group = barrier.volumesCount(count);
        for (int volume = 0; volume < StreamLimits.VOLUMES_MAX; volume++) {
            if ((volumes >>> volume & 1) != 0) {
                group.next().number(volume);
            }
        }
        barrier.label("");
        writer.commit();
        return true;
    }

    public boolean added(final VolumeDevice volume, final long sizeBytes) {
        final String name = volume.name();
        if (!writer.claim(HEADER
                + VolumeAddedEncoder.BLOCK_LENGTH
                + VolumeAddedEncoder.volumeNameHeaderLength()
                + name.length())) {
            return false;
        }
        added.wrapAndApplyHeader(writer.buffer(), writer.offset(), messageHeader);
        header(added.header());
        added.uuidHigh(volume.uuidHigh())
                .uuidLow(volume.uuidLow())
                .sizeBytes(sizeBytes)
                .sectorSize(StreamLimits.SECTOR_LENGTH)
                .number(volume.number())
                .volumeName(name);
        writer.commit();
        return true;
    }

    public boolean resized(final int number, final long sizeBytes) {
        if (!writer.claim(HEADER + VolumeResizedEncoder.BLOCK_LENGTH)) {
            return false;
        }
        resized.wrapAndApplyHeader(writer.buffer(), writer.offset(), messageHeader);
        header(resized.header());
        resized.sizeBytes(sizeBytes).number(number);
        writer.commit();
        return true;
    }

    public boolean removed(final int number) {
        if (!writer.claim(HEADER + VolumeRemovedEncoder.BLOCK_LENGTH)) {
            return false;
        }
        removed.wrapAndApplyHeader(writer.buffer(), writer.offset(), messageHeader);
        header(removed.header());
        removed.number(number);
        writer.commit();
        return true;
    }

    public boolean state(final int number, final WriteOrder order, final StateReason reason) {
        if (!writer.claim(HEADER + VolumeStateEncoder.BLOCK_LENGTH)) {
            return false;
        }
        state.wrapAndApplyHeader(writer.buffer(), writer.offset(), messageHeader);
        header(state.header());
        state.number(number).writeOrder(order).reason(reason);
        writer.commit();
        return true;
    }

    public boolean unreadable(final int number, final long offset, final long length) {
        if (!writer.claim(HEADER + UnreadableExtentEncoder.BLOCK_LENGTH)) {
            return false;
        }
        unreadable.wrapAndApplyHeader(writer.buffer(), writer.offset(), messageHeader);
        header(unreadable.header());
        unreadable.extentOffset(offset).extentLength(length).number(number);
        writer.commit();
        return true;
    }

    /** Hashes of {@code count} pieces, 16 bytes each, beginning with {@code firstPiece}. */
    public boolean pieceHashes(
            final int volume,
            final long firstPiece,
            final int count,
            final DirectBuffer key,
            final int keyLength,
            final DirectBuffer tags) {
        final int length = HEADER
                + PieceHashesEncoder.BLOCK_LENGTH
                + PieceHashesEncoder.keyHeaderLength()
                + keyLength
                + PieceHashesEncoder.hashesHeaderLength()
                + count * HASH_LENGTH;
        if (!writer.claim(length)) {
            return false;
        }
        hashes.wrapAndApplyHeader(writer.buffer(), writer.offset(), messageHeader);
        header(hashes.header());
        hashes.firstPiece(firstPiece)
                .pieceLength(StreamLimits.PIECE_LENGTH)
                .pieceCount(count)
                .volume(volume)
                .putKey(key, 0, keyLength)
                .putHashes(tags, 0, count * HASH_LENGTH);
        writer.commit();
        return true;
    }

    private void header(final StreamHeaderEncoder header) {
        writer.header(header, 1, endRecord, position, timeNs);
    }
}
