package org.farshore.agent;

import java.util.concurrent.TimeUnit;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.copy.VolumeCopy;
import org.farshore.agent.stream.BarrierMaker;
import org.farshore.agent.stream.CaptureStream;
import org.farshore.agent.stream.ProtectedVolume;
import org.farshore.agent.stream.VolumePhase;

/**
 * Sees that the capture has lost records, and puts what was lost on the list of what must be read again.
 *
 * <p>The order is the point: (1) every volume's phase is pinned as no longer ordered; (2) lost bits are harvested into
 * todo; (3) the producer position is read: the ring is taken up to it before anything is read; (4) the gap epoch is noted,
 * pinned. A kill between any two finds the epoch not noted and does all of it again. While volumes are not ordered anyway
 * the harvest is repeated once a second only, so that a ring that keeps overflowing does not keep reads from beginning.
 *
 * <p>Belongs to the duty cycle.
 */
final class GapWatch {
    private static final long HARVEST_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);

    private final CaptureSource source;
    private final ProtectedVolume[] volumes;
    private final CaptureStream stream;
    private final VolumeCopy copy;
    private final BarrierMaker barriers;
    private final AgentCounters counters;
    private long notedEpoch;
    private long seenDrops;
    private long harvestedNs;

    /**
     * @param volumes those that are followed, none of them null.
     */
    GapWatch(
            final CaptureSource source,
            final ProtectedVolume[] volumes,
            final CaptureStream stream,
            final VolumeCopy copy,
            final BarrierMaker barriers,
            final AgentCounters counters,
            final long nowNs) {
        this.source = source;
        this.volumes = volumes;
        this.stream = stream;
        this.copy = copy;
        this.barriers = barriers;
        this.counters = counters;
        notedEpoch = source.notedGapEpoch();
        harvestedNs = nowNs - HARVEST_INTERVAL_NS;
    }

    /** Cheap, for every cycle: deals with drops when there are new ones and their time has come. */
    void doWork(final long nowNs) {
        if (source.droppedCount() != seenDrops && (nowNs - harvestedNs >= HARVEST_INTERVAL_NS || anyOrdered())) {
            harvest(nowNs);
        }
    }

    /** True when the gap epoch is as noted; else deals with the gap. */
    boolean isWithoutGap(final long nowNs) {
        if (source.gapEpoch() == notedEpoch) {
            return true;
        }
        harvest(nowNs);
        return false;
    }

    /** True when an END that is sent now would not be a cut, although a volume is announced as ordered. */
    boolean isOpenWhileOrdered() {
        return anyOrdered() && source.gapEpoch() != notedEpoch;
    }

    private void harvest(final long nowNs) {
        final long drops = source.droppedCount();
        final long epoch = source.gapEpoch();
        seenDrops = drops;
        harvestedNs = nowNs;
        if (epoch == notedEpoch) {
            return;
        }
        for (final ProtectedVolume volume : volumes) {
            volume.leaveOrdered();
        }
        for (final ProtectedVolume volume : volumes) {
            source.harvestLost(volume.number());
        }
        final long producerPosition = source.producerPosition();
        for (final ProtectedVolume volume : volumes) {
            volume.gap(producerPosition);
        }
        compareWhereUnknown();
        source.noteGapEpoch(epoch);
        notedEpoch = epoch;
        stream.drain();
        barriers.reset();
        counters.gap(source);
    }

    /** Where no bit tells what changed, a compare has to. */
    private void compareWhereUnknown() {
        boolean any = false;
        for (final ProtectedVolume volume : volumes) {
            if (source.coverageUnknown(volume.number()) && volume.readBack().phase() != VolumePhase.WAITING) {
                if (!any) {
                    abortReads();
                    any = true;
                }
                volume.beginCompare();
            }
        }
    }

    private void abortReads() {
        copy.abort();
        for (final ProtectedVolume volume : volumes) {
            volume.abortReads();
        }
    }

    private boolean anyOrdered() {
        for (final ProtectedVolume volume : volumes) {
            if (volume.readBack().phase() == VolumePhase.ORDERED) {
                return true;
            }
        }
        return false;
    }
}
