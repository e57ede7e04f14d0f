package org.farshore.dataplane.journal;

import java.util.List;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * What is known of a stream without its journal; stored by {@link StateFile}. All of it stands as of applied: what the
 * journal holds behind is newer.
 *
 * @param segmentLength of the journal, bytes.
 * @param floor points below this position are withdrawn.
 * @param horizon segments that end at or below this position may be reused.
 * @param appliedPosition the replica volumes hold, synced, every frame below.
 * @param appliedSequence newest END sequence below it.
 * @param appliedCapturePosition capture position behind that END, of the capture named by captureId.
 * @param durablePosition the journal was durable up to here when this was stored.
 * @param retentionWindowNs how far back points of this stream are kept; {@link #RETENTION_UNSET} when nobody has said so.
 * @param journalLost true when the replica volumes were brought past journal that could not be read: frames behind may speak
 *     of volumes that no frame announces.
 */
public record StreamState(
        long machineIdHigh,
        long machineIdLow,
        int segmentLength,
        int generation,
        int incarnation,
        long captureIdHigh,
        long captureIdLow,
        long floor,
        long horizon,
        long appliedPosition,
        long appliedSequence,
        long appliedCapturePosition,
        long durablePosition,
        List<VolumeState> volumes,
        long retentionWindowNs,
        boolean journalLost) {
    /** The window is as the role is set. */
    public static final long RETENTION_UNSET = -1;

    /** No journal comes so far: 10 GB/s for more than ten years. */
    private static final long POSITION_MAX = 1L << 62;

    private static final int WRITE_ORDER_MAX = 2;

    public StreamState {
        volumes = List.copyOf(volumes);
    }

    /** A stream of which nobody has said how far back points are kept, and that has lost no journal. */
    public StreamState(
            final long machineIdHigh,
            final long machineIdLow,
            final int segmentLength,
            final int generation,
            final int incarnation,
            final long captureIdHigh,
            final long captureIdLow,
            final long floor,
            final long horizon,
            final long appliedPosition,
            final long appliedSequence,
            final long appliedCapturePosition,
            final long durablePosition,
            final List<VolumeState> volumes) {
        this(
                machineIdHigh,
                machineIdLow,
                segmentLength,
                generation,
                incarnation,
                captureIdHigh,
                captureIdLow,
                floor,
                horizon,
                appliedPosition,
                appliedSequence,
                appliedCapturePosition,
                durablePosition,
                volumes,
                RETENTION_UNSET,
                false);
    }

    /** False when no writer can have meant it: a record that was made up, with a checksum that fits. */
    boolean isPossible() {
        boolean possible = segmentLength >= JournalLimits.SEGMENT_LENGTH_MIN
                && segmentLength <= JournalLimits.SEGMENT_LENGTH_MAX
                && segmentLength % JournalLimits.BLOCK_LENGTH == 0
                && generation >= 0
                && incarnation >= 0
                && floor >= 0
                && horizon >= 0
                && appliedPosition >= 0
                && durablePosition >= 0
                && durablePosition <= POSITION_MAX
                && Math.max(floor, Math.max(horizon, appliedPosition)) <= durablePosition
                && appliedSequence >= 0
                && retentionWindowNs >= RETENTION_UNSET;
        for (final VolumeState volume : volumes) {
            possible &= VolumeTable.mayBePath(volume.name())
                    && volume.sizeBytes() > 0
                    && volume.writeOrder() >= 0
                    && volume.writeOrder() <= WRITE_ORDER_MAX;
        }
        return possible;
    }

    /** The state of a stream that has received nothing yet. */
    public static StreamState initial(final long machineIdHigh, final long machineIdLow, final int segmentLength) {
        final long begin = new Positions(segmentLength).begin(1);
        return new StreamState(
                machineIdHigh, machineIdLow, segmentLength, 1, 0, 0, 0, begin, begin, begin, 0, 0, begin, List.of());
    }

    /** The same with other volumes. */
    public StreamState withVolumes(final List<VolumeState> newVolumes) {
        return with(durablePosition, newVolumes, retentionWindowNs);
    }

    /** The same as stored when the journal was durable up to here. */
    public StreamState withDurablePosition(final long newDurablePosition) {
        return with(newDurablePosition, volumes, retentionWindowNs);
    }

    /** The same with another window. */
    public StreamState withRetentionWindow(final long newWindowNs) {
        return with(durablePosition, volumes, newWindowNs);
    }

    private StreamState with(
            final long newDurablePosition, final List<VolumeState> newVolumes, final long newWindowNs) {
        return new StreamState(
                machineIdHigh,
                machineIdLow,
                segmentLength,
                generation,
                incarnation,
                captureIdHigh,
                captureIdLow,
                floor,
                horizon,
                appliedPosition,
                appliedSequence,
                appliedCapturePosition,
                newDurablePosition,
                newVolumes,
                newWindowNs,
                journalLost);
    }
}
