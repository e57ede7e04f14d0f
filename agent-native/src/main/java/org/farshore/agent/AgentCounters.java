package org.farshore.agent;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.copy.VolumeCopy;
import org.farshore.agent.stream.CaptureStream;
import org.farshore.agent.stream.ProtectedVolume;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** The agent's counters that are not a volume's or the session's own. Written by the duty cycle alone. */
final class AgentCounters {
    private static final long LAG_US_MAX = TimeUnit.HOURS.toMicros(24);
    private static final int LAG_DIGITS = 2;

    final AtomicCounter capturedBytes;
    final AtomicCounter capturedRecords;
    final AtomicCounter sentBytes;
    final AtomicCounter sentSequence;
    final AtomicCounter sentPayloadBytes;
    final AtomicCounter durableSequence;
    final AtomicCounter durablePayloadBytes;
    final AtomicCounter backPressure;
    final AtomicCounter barriers;
    final AtomicCounter aged;
    final VolumeCopy.CopyCounters copyCounters;
    /**
     * Clock at the newest cut that is durable. 0, the machine's start, until this agent knows of one: the lag shown is then
     * a bound, never less than the truth.
     */
    long newestCutNs;

    private final AtomicCounter producerPosition;
    private final AtomicCounter takenPosition;
    private final AtomicCounter releasedPosition;
    private final AtomicCounter dropped;
    private final AtomicCounter gapEpoch;
    private final AtomicCounter missedRuns;
    private final AtomicCounter failedWrites;
    private final AtomicCounter lag;
    private final AtomicCounter lagMedian;
    private final AtomicCounter lagHigh;
    private final AtomicCounter lagMax;
    private final Histogram lagUs = new Histogram(LAG_US_MAX, LAG_DIGITS);

    AgentCounters(final CounterFactory factory, final CaptureSource source) {
        producerPosition = factory.newCounter(ReplicationCounter.CAPTURE_PRODUCER_POSITION, "");
        takenPosition = factory.newCounter(ReplicationCounter.CAPTURE_TAKEN_POSITION, "");
        releasedPosition = factory.newCounter(ReplicationCounter.CAPTURE_RELEASED_POSITION, "");
        factory.newCounter(ReplicationCounter.CAPTURE_RING_LENGTH, "").setRelease(source.ringLength());
        capturedBytes = factory.newCounter(ReplicationCounter.CAPTURED_BYTES, "");
        capturedRecords = factory.newCounter(ReplicationCounter.CAPTURED_RECORDS, "");
        dropped = factory.newCounter(ReplicationCounter.CAPTURE_DROPPED, "");
        gapEpoch = factory.newCounter(ReplicationCounter.CAPTURE_GAP_EPOCH, "");
        missedRuns = factory.newCounter(ReplicationCounter.CAPTURE_MISSED_RUNS, "");
        failedWrites = factory.newCounter(ReplicationCounter.CAPTURE_FAILED_WRITES, "");
        aged = factory.newCounter(ReplicationCounter.CAPTURE_AGED, "");
        copyCounters = new VolumeCopy.CopyCounters(
                factory.newCounter(ReplicationCounter.INITIAL_COPY_BYTES, ""),
                factory.newCounter(ReplicationCounter.RESYNC_BYTES, ""),
                factory.newCounter(ReplicationCounter.REPAIR_BYTES, ""),
                factory.newCounter(ReplicationCounter.COMPARED_BYTES, ""));
        sentSequence = factory.newCounter(ReplicationCounter.SENT_SEQUENCE, "");
        durableSequence = factory.newCounter(ReplicationCounter.DURABLE_SEQUENCE, "");
        sentBytes = factory.newCounter(ReplicationCounter.SENT_BYTES, "");
        sentPayloadBytes = factory.newCounter(ReplicationCounter.SENT_PAYLOAD_BYTES, "");
        durablePayloadBytes = factory.newCounter(ReplicationCounter.DURABLE_PAYLOAD_BYTES, "");
        backPressure = factory.newCounter(ReplicationCounter.BACK_PRESSURE, "");
        barriers = factory.newCounter(ReplicationCounter.BARRIERS, "");
        lag = factory.newCounter(ReplicationCounter.RECOVERY_LAG, "");
        lagMedian = factory.newCounter(ReplicationCounter.RECOVERY_LAG_P50, "");
        lagHigh = factory.newCounter(ReplicationCounter.RECOVERY_LAG_P99, "");
        lagMax = factory.newCounter(ReplicationCounter.RECOVERY_LAG_MAX, "");
    }

    /** Writes captured {@code ageNs} ago are durable. */
    void durable(final long ageNs, final int payloadLength) {
        lagUs.recordValue(Math.min(LAG_US_MAX, Math.max(0, ageNs / 1000)));
        durablePayloadBytes.getAndAddRelease(payloadLength);
    }

    void positions(final CaptureSource source, final CaptureStream stream) {
        producerPosition.setRelease(source.producerPosition());
        takenPosition.setRelease(stream.takenPosition());
        releasedPosition.setRelease(source.consumerPosition());
    }

    void gap(final CaptureSource source) {
        dropped.setRelease(source.droppedCount());
        gapEpoch.setRelease(source.gapEpoch());
        missedRuns.setRelease(source.missedRunCount());
    }

    void everySecond(final CaptureSource source, final long nowNs, final ProtectedVolume[] volumes) {
        gap(source);
        long failed = 0;
        for (final ProtectedVolume volume : volumes) {
            failed += volume.readBack().failedCount();
        }
        failedWrites.setRelease(failed);
        lag.setRelease(TimeUnit.NANOSECONDS.toMillis(nowNs - newestCutNs));
        lagMedian.setRelease(millis(lagUs.getValueAtPercentile(50)));
        lagHigh.setRelease(millis(lagUs.getValueAtPercentile(99)));
        lagMax.setRelease(millis(lagUs.getMaxValue()));
    }

    /** Rounded up: a lag is never shown smaller than it was. */
    private static long millis(final long micros) {
        return (micros + 999) / 1000;
    }
}
