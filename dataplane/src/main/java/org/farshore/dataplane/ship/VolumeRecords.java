package org.farshore.dataplane.ship;

import java.util.Objects;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.PieceHashesDecoder;
import org.farshore.dataplane.codecs.replication.UnreadableExtentDecoder;
import org.farshore.dataplane.codecs.replication.VolumeAddedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeRemovedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * What a record message says of volumes, held against the table of those that the stream has so far, and what it changes
 * there. A volume may grow and be announced again; it may not shrink, nor share its number or its random id with another.
 */
public final class VolumeRecords {
    private VolumeRecords() {}

    /**
     * Whether the message fits the volumes.
     *
     * @return null when it does, else what is wrong with it.
     */
    public static String check(final RecordMessage message, final VolumeTable volumes) {
        switch (message.templateId()) {
            case WriteBatchDecoder.TEMPLATE_ID:
                return checkBatch(message, volumes);
            case BarrierDecoder.TEMPLATE_ID:
                return checkBarrier(message, volumes);
            case VolumeAddedDecoder.TEMPLATE_ID:
                return checkAdded(message, volumes);
            default:
                final StreamVolume volume = volumes.get(message.volumeNumber());
                return volume == null
                        ? "template " + message.templateId() + " for unknown volume " + message.volumeNumber()
                        : checkKnown(message, volume);
        }
    }

    private static String checkBatch(final RecordMessage message, final VolumeTable volumes) {
        StreamVolume volume = null;
        for (int i = 0; i < message.groupCount(); i++) {
            final int number = message.extentVolume(i);
            if (volume == null || volume.number() != number) {
                volume = volumes.get(number);
                if (volume == null) {
                    return "extent " + i + " for unknown volume " + number;
                }
            }
            if (message.extentOffset(i) + message.extentLength(i) > volume.sizeBytes()) {
                return "extent of " + message.extentLength(i) + " bytes at " + message.extentOffset(i)
                        + " beyond volume " + volume.name() + " of " + volume.sizeBytes() + " bytes";
            }
        }
        return null;
    }

    private static String checkBarrier(final RecordMessage message, final VolumeTable volumes) {
        if (message.endSequence() != message.firstSequence()) {
            return "a barrier inside an open write";
        }
        for (int i = 0; i < message.groupCount(); i++) {
            final StreamVolume volume = volumes.get(message.barrierVolume(i));
            if (volume == null || volume.writeOrder() != WriteOrder.ORDERED) {
                return "a barrier names volume " + message.barrierVolume(i) + ", which is not ordered";
            }
        }
        return null;
    }

    private static String checkAdded(final RecordMessage message, final VolumeTable volumes) {
        final String name = message.text();
        if (!VolumeTable.isValidName(name)) {
            return "volume name of " + name.length() + " characters: use letters, digits, dot, dash and underscore";
        }
        final StreamVolume byNumber = volumes.get(message.volumeNumber());
        final StreamVolume byUuid = volumes.find(message.volumeUuidHigh(), message.volumeUuidLow());
        if (!Objects.equals(byNumber, byUuid)) {
            return "volume " + name + " announced with the number or the id of another";
        }
        if (byUuid == null) {
            return volumes.size() < StreamLimits.VOLUMES_MAX
                    ? null
                    : "more than " + StreamLimits.VOLUMES_MAX + " volumes in one stream";
        }
        if (!byUuid.name().equals(name)) {
            return "volume " + byUuid.name() + " announced as " + name;
        }
        return grows(message, byUuid);
    }

    private static String checkKnown(final RecordMessage message, final StreamVolume volume) {
        switch (message.templateId()) {
            case VolumeResizedDecoder.TEMPLATE_ID:
                return grows(message, volume);
            case VolumeStateDecoder.TEMPLATE_ID:
                return message.writeOrder() == WriteOrder.CONVERGING.value()
                                || message.writeOrder() == WriteOrder.ORDERED.value()
                        ? null
                        : "write order " + message.writeOrder() + " for volume " + volume.name();
            case PieceHashesDecoder.TEMPLATE_ID:
                final long lastPiece = message.firstPiece() + message.pieceCount() - 1;
                return lastPiece * StreamLimits.PIECE_LENGTH < volume.sizeBytes()
                        ? null
                        : "piece " + lastPiece + " beyond volume " + volume.name();
            case UnreadableExtentDecoder.TEMPLATE_ID:
            case VolumeRemovedDecoder.TEMPLATE_ID:
            default:
                return null;
        }
    }

    private static String grows(final RecordMessage message, final StreamVolume volume) {
        return message.volumeSize() >= volume.sizeBytes()
                ? null
                : "volume " + volume.name() + " shrinks from " + volume.sizeBytes() + " to " + message.volumeSize();
    }

    /** True for messages that change the table of volumes. */
    public static boolean isChange(final RecordMessage message) {
        final int templateId = message.templateId();
        return templateId >= VolumeAddedDecoder.TEMPLATE_ID && templateId <= VolumeStateDecoder.TEMPLATE_ID;
    }

    /** Takes what a checked message says of volumes into the table; other messages change nothing. */
    public static void take(final RecordMessage message, final VolumeTable volumes) {
        final StreamVolume known = isChange(message) ? volumes.get(message.volumeNumber()) : null;
        switch (message.templateId()) {
            case VolumeAddedDecoder.TEMPLATE_ID:
                volumes.put(known == null ? added(message) : known.withSize(message.volumeSize()));
                break;
            case VolumeResizedDecoder.TEMPLATE_ID:
                volumes.put(known.withSize(message.volumeSize()));
                break;
            case VolumeRemovedDecoder.TEMPLATE_ID:
                volumes.remove(message.volumeNumber());
                break;
            case VolumeStateDecoder.TEMPLATE_ID:
                volumes.put(known.withState(WriteOrder.get((short) message.writeOrder())));
                break;
            default:
                break;
        }
    }

    private static StreamVolume added(final RecordMessage message) {
        return new StreamVolume(
                message.volumeNumber(),
                message.volumeUuidHigh(),
                message.volumeUuidLow(),
                message.volumeSize(),
                message.volumeSectorSize(),
                message.text(),
                WriteOrder.UNKNOWN,
                false);
    }
}
