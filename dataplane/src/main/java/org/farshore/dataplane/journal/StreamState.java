package org.farshore.dataplane.journal;

import java.util.List;

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
        List<VolumeState> volumes) {
    public StreamState {
        volumes = List.copyOf(volumes);
    }

    /** The state of a stream that has received nothing yet. */
    public static StreamState initial(final long machineIdHigh, final long machineIdLow, final int segmentLength) {
        final long begin = new Positions(segmentLength).begin(1);
        return new StreamState(
                machineIdHigh, machineIdLow, segmentLength, 1, 0, 0, 0, begin, begin, begin, 0, 0, begin, List.of());
    }

    /** The same with other volumes. */
    public StreamState withVolumes(final List<VolumeState> newVolumes) {
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
                durablePosition,
                newVolumes);
    }
}
