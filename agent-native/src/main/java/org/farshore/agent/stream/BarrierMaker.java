package org.farshore.agent.stream;

import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.runtime.Clocks;

/**
 * Makes cuts: read the clock, then the producer position; take the ring up to it; then read the gap epoch. Only when it is
 * unchanged does the barrier go out, and it names the volumes that are ORDERED. A record lost before the epoch was read has
 * moved it; one lost later was in flight at the cut. One thread.
 */
public final class BarrierMaker {
    private final CaptureSource source;
    private final Clocks clocks;
    private final ProtectedVolume[] volumes;
    private final SingleRecords records;
    private final RecordWriter writer;
    private final SentRecords sent;
    private final AtomicCounter barriers;
    private final long intervalNs;
    private long dueNs;
    private boolean isCutting;
    private long cutTimeNs;
    private long cutWallNs;
    private long cutPosition;

    public BarrierMaker(
            final CaptureSource source,
            final Clocks clocks,
            final ProtectedVolume[] volumes,
            final SingleRecords records,
            final RecordWriter writer,
            final SentRecords sent,
            final AtomicCounter barriers,
            final long intervalNs) {
        this.source = source;
        this.clocks = clocks;
        this.volumes = volumes;
        this.records = records;
        this.writer = writer;
        this.sent = sent;
        this.barriers = barriers;
        this.intervalNs = intervalNs;
        dueNs = clocks.nanoTime();
    }

    /** Gives up a cut that is being made. */
    public void reset() {
        isCutting = false;
    }

    /** True when a cut is being made and {@code takenPosition} has reached it: look at the gap epoch, then {@link #cut}. */
    public boolean isReady(final long nowNs, final long takenPosition) {
        if (!isCutting && nowNs - dueNs >= 0) {
            begin(nowNs);
        }
        return isCutting && takenPosition - cutPosition >= 0;
    }

    /** The gap epoch is unchanged: sends the barrier. False when the link has no room; call again, after another look. */
    public boolean cut(final long takenPosition) {
        final long ordered = orderedVolumes();
        if (ordered != 0) {
            final long timeNs = source.cutTimeNs(cutTimeNs);
            if (!sent.hasRoom(1)
                    || !records.at(true, takenPosition, timeNs)
                            .barrier(timeNs, cutWallNs - (cutTimeNs - timeNs), BarrierKind.CRASH, ordered)) {
                return false;
            }
            sent.addCut(writer.lastSequence(), timeNs);
            barriers.incrementRelease();
        }
        isCutting = false;
        return true;
    }

    private void begin(final long nowNs) {
        dueNs += intervalNs;
        if (nowNs - dueNs >= 0) {
            dueNs = nowNs + intervalNs;
        }
        isCutting = true;
        cutWallNs = clocks.epochNanos();
        cutTimeNs = nowNs;
        cutPosition = source.producerPosition();
    }

    private long orderedVolumes() {
        long ordered = 0;
        for (final ProtectedVolume volume : volumes) {
            if (volume != null && volume.isOrdered()) {
                ordered |= 1L << volume.number();
            }
        }
        return ordered;
    }
}
