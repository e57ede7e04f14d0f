package org.farshore.dataplane.journal;

import java.util.List;

/**
 * What {@link JournalRecovery} found. Everything below {@code endPosition} that lies in no damaged range is synced and
 * readable.
 *
 * @param generation and
 * @param incarnation of the newest INCARNATION frame, or of the state record when there is none.
 * @param captureIdHigh and
 * @param captureIdLow capture named by it; 0, 0 when there never was one.
 * @param endSequence newest durable END sequence; the next Welcome names this + 1.
 * @param capturePosition capture position behind that END.
 * @param beginPosition where reading began.
 * @param endPosition end of the newest whole group.
 * @param writeSegment segment in which the writer goes on: that of the end, or the next one when a group was begun there.
 * @param frameCount frames kept and handed to the handler.
 * @param tornLength bytes behind the end that bore traces of a group that was never acknowledged; 0 after an orderly stop.
 * @param damages ranges that were durable once and cannot be read; empty on a healthy disk.
 */
public record RecoveredJournal(
        int generation,
        int incarnation,
        long captureIdHigh,
        long captureIdLow,
        long endSequence,
        long capturePosition,
        long beginPosition,
        long endPosition,
        long writeSegment,
        long frameCount,
        int tornLength,
        List<DamagedRange> damages) {
    public RecoveredJournal {
        damages = List.copyOf(damages);
    }
}
