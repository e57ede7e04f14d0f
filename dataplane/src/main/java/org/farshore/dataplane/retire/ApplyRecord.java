package org.farshore.dataplane.retire;

import org.farshore.dataplane.journal.JournalCommitter;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeStates;

/** The state record of one stream, as it was stored last. Apply thread. */
final class ApplyRecord {
    private static final long NO_CAPTURE_POSITION = -1;

    private final StateFile stateFile;
    private final JournalCommitter committer;
    private StreamState stored;

    ApplyRecord(final StateFile stateFile, final JournalCommitter committer, final StreamState stored) {
        this.stateFile = stateFile;
        this.committer = committer;
        this.stored = stored;
    }

    StreamState stored() {
        return stored;
    }

    /** Points below are withdrawn from now on; everything else stays as stored: the replicas are about to be written. */
    void raiseFloor(final long floor) {
        store(floor, stored.appliedPosition(), stored.appliedSequence(), null);
    }

    /** The replicas hold, synced, what was gathered up to a position. */
    void applied(final long position, final FrameGatherer gatherer) {
        store(Math.max(stored.floor(), position), position, gatherer.sequence(), gatherer);
    }

    private void store(final long floor, final long position, final long sequence, final FrameGatherer gathered) {
        final boolean advance =
                gathered != null && (position != stored.appliedPosition() || sequence != stored.appliedSequence());
        stored = new StreamState(
                stored.machineIdHigh(),
                stored.machineIdLow(),
                stored.segmentLength(),
                advance ? gathered.generation() : stored.generation(),
                advance ? gathered.incarnation() : stored.incarnation(),
                advance ? gathered.captureIdHigh() : stored.captureIdHigh(),
                advance ? gathered.captureIdLow() : stored.captureIdLow(),
                floor,
                advance ? position : stored.horizon(),
                position,
                sequence,
                advance ? gathered.capturePosition() : stored.appliedCapturePosition(),
                committer.durablePosition(),
                advance ? VolumeStates.of(gathered.volumes()) : stored.volumes(),
                stored.retentionWindowNs(),
                advance ? gathered.isLenient() : stored.journalLost());
        stateFile.store(stored);
    }

    /** The replicas are what they are, whatever the journal holds below a position; durable on return. */
    void beginAnew(final long position, final StreamFence.Held held) {
        stored = new StreamState(
                stored.machineIdHigh(),
                stored.machineIdLow(),
                stored.segmentLength(),
                held.generation(),
                held.incarnation(),
                0,
                0,
                position,
                position,
                position,
                held.endSequence(),
                NO_CAPTURE_POSITION,
                committer.durablePosition(),
                held.volumes(),
                stored.retentionWindowNs(),
                false);
        stateFile.store(stored);
    }

    /** How far back points are kept, durable on return. */
    void retentionWindow(final long windowNs) {
        stored = stored.withRetentionWindow(windowNs);
        stateFile.store(stored);
    }

    void close() {
        stateFile.close();
    }
}
