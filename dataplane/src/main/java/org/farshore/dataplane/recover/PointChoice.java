package org.farshore.dataplane.recover;

/**
 * The answer to a question for a recovery point: the point, or why there is none.
 *
 * @param point null when refused.
 * @param refusal null when there is a point.
 * @param reason one sentence for people; empty when there is a point.
 */
public record PointChoice(RecoveryPoint point, Refusal refusal, String reason) {
    /** Why a point cannot be had. */
    public enum Refusal {
        /** It was withdrawn: the replica volumes have moved past it. */
        BELOW_FLOOR,
        /** A volume's blocks were being read back: the disks as copied were in no state that they ever had. */
        CONVERGING,
        /** The volume was not part of the stream then. */
        UNKNOWN_VOLUME,
        /** It has not been received, or is not on the disk yet. */
        NOT_DURABLE,
        /** It lies inside a write. */
        INSIDE_WRITE,
        /** Writes were put together there: only the end of the window is a state. */
        INSIDE_WINDOW,
        /** The journal is damaged there. */
        DAMAGED,
        /** There never was such a point. */
        NEVER_EXISTED
    }

    static PointChoice of(final RecoveryPoint point) {
        return new PointChoice(point, null, "");
    }

    static PointChoice refused(final Refusal refusal, final String reason) {
        return new PointChoice(null, refusal, reason);
    }

    /** True when there is a point. */
    public boolean isGranted() {
        return point != null;
    }
}
