package org.farshore.perf.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/** One kind of lag, in microseconds: recorded by the duty cycle, read and forgotten by the probe. */
final class LagRecorder {
    private static final long MAX_US = TimeUnit.MINUTES.toMicros(10);
    private static final int DIGITS = 3;

    private final SingleWriterRecorder recorder = new SingleWriterRecorder(1, MAX_US, DIGITS);
    private Histogram interval;

    void record(final long ageNs) {
        recorder.recordValue(Math.max(0, Math.min(MAX_US, ageNs / 1000)));
    }

    /** Percentiles since the last call, in milliseconds. */
    synchronized Map<String, Double> take() {
        interval = recorder.getIntervalHistogram(interval);
        final Map<String, Double> values = new LinkedHashMap<>();
        values.put("p50", interval.getValueAtPercentile(50) / 1e3);
        values.put("p90", interval.getValueAtPercentile(90) / 1e3);
        values.put("p99", interval.getValueAtPercentile(99) / 1e3);
        values.put("max", interval.getMaxValue() / 1e3);
        values.put("count", (double) interval.getTotalCount());
        return values;
    }
}
