package org.farshore.dataplane.index;

/**
 * How far the index is; a snapshot for people and decisions.
 *
 * @param phase what it does.
 * @param doneBytes of the version files, then of the journal, since the phase began.
 * @param totalBytes to do in this phase, as known now.
 * @param bytesPerSecond rate since the phase began.
 * @param timeLeftMs at that rate, or -1 when nothing is known yet.
 */
public record IndexProgress(Phase phase, long doneBytes, long totalBytes, long bytesPerSecond, long timeLeftMs) {
    /** What the index does. */
    public enum Phase {
        /** Reads the version files that a checkpoint vouches for. */
        LOADING,
        /** Reads journal that became durable before it was ready. */
        CATCHING_UP,
        /** Is level with the durable position, or nearly. */
        FOLLOWING
    }
}
