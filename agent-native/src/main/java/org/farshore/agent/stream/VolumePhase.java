package org.farshore.agent.stream;

import org.farshore.dataplane.codecs.replication.StateReason;

/** Where a volume stands. The code is pinned beside the capture and shown by the counter {@code volume.state.code}. */
public enum VolumePhase {
    /** Nothing is known yet. */
    WAITING(0, StateReason.INITIAL_COPY),
    /** Every block is being read for the first time. */
    INITIAL_COPY(1, StateReason.INITIAL_COPY),
    /** Hashes of every piece are being compared with the replica. */
    COMPARING(2, StateReason.COMPARE),
    /** Blocks that the ring lost, or that a compare found different, are being read. */
    RESYNC(3, StateReason.GAP),
    /** Sectors of overlapping or failed writes, or of writes in flight at a restart, are being read. */
    REPAIR(4, StateReason.REPAIR),
    /** The stream is the volume's write order. */
    ORDERED(5, StateReason.CONVERGED);

    private final int code;
    private final StateReason reason;

    VolumePhase(final int code, final StateReason reason) {
        this.code = code;
        this.reason = reason;
    }

    /** The number in pinned memory and counters. */
    public int code() {
        return code;
    }

    /** What the stream gives as the reason of a volume's state. */
    public StateReason reason() {
        return reason;
    }

    /** The phase with this code; {@link #WAITING} for a code of another release. */
    public static VolumePhase of(final int code) {
        for (final VolumePhase phase : values()) {
            if (phase.code == code) {
                return phase;
            }
        }
        return WAITING;
    }
}
