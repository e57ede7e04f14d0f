package org.farshore.perf.rig;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.farshore.perf.probe.RoleProbeSample;
import org.farshore.perf.probe.ThreadSample;

/** What happened between two moments, in the units of the report. */
record RigWindow(RigMoment begin, RigMoment end) {
    private static final double GIB = 1L << 30;
    private static final double SECOND_NS = 1e9;

    double seconds() {
        return (end.agent().timeNs() - begin.agent().timeNs()) / SECOND_NS;
    }

    /** Bytes of changes made durable. */
    long bytes() {
        return end.durableBytes() - begin.durableBytes();
    }

    /** 1e9 bytes of changes made durable in a second. */
    double gigabytesPerSecond() {
        return bytes() / 1e9 / seconds();
    }

    double appliedGigabytesPerSecond() {
        return (end.appliedBytes() - begin.appliedBytes()) / 1e9 / seconds();
    }

    /** Bytes written to the replica for each byte of changes: less than one where changes were overwritten before. */
    double appliedShare() {
        return (double) (end.appliedBytes() - begin.appliedBytes()) / Math.max(1, bytes());
    }

    /** How many times smaller the payload left the process server. */
    double compressionRatio() {
        return (double) (end.optimiseInBytes() - begin.optimiseInBytes())
                / Math.max(1, end.optimiseOutBytes() - begin.optimiseOutBytes());
    }

    double bytesPerSync() {
        return (double) bytes() / Math.max(1, end.syncs() - begin.syncs());
    }

    /** What each role used. */
    Map<String, RoleUse> uses() {
        final Map<String, RoleUse> uses = new LinkedHashMap<>();
        uses.put("agent", use(begin.agent(), end.agent()));
        uses.put("process-server", use(begin.processServer(), end.processServer()));
        uses.put("master-target", use(begin.masterTarget(), end.masterTarget()));
        return uses;
    }

    private RoleUse use(final RoleProbeSample from, final RoleProbeSample to) {
        final double gibibytes = Math.max(1, bytes()) / GIB;
        final double seconds = (to.timeNs() - from.timeNs()) / SECOND_NS;
        final Map<String, ThreadUse> threads = new TreeMap<>();
        long allocated = 0;
        for (final Map.Entry<String, ThreadSample> entry : to.threads().entrySet()) {
            final ThreadSample before = from.threads().getOrDefault(entry.getKey(), new ThreadSample(0, 0));
            final long cpuNs = entry.getValue().cpuNs() - before.cpuNs();
            final long bytes = entry.getValue().allocatedBytes() - before.allocatedBytes();
            allocated += bytes;
            threads.put(
                    entry.getKey(),
                    new ThreadUse(cpuNs / SECOND_NS / gibibytes, cpuNs / SECOND_NS / seconds, bytes / seconds));
        }
        final double cpu = (to.cpuNs() - from.cpuNs()) / SECOND_NS;
        return new RoleUse(
                cpu / gibibytes,
                cpu / seconds,
                allocated / gibibytes,
                allocated / seconds,
                to.collections() - from.collections(),
                threads);
    }

    /** Percentiles in milliseconds of one kind of lag, by the name in the agent's sample. */
    Map<String, Double> lag(final String name) {
        final Map<String, Double> values = new LinkedHashMap<>();
        ((Map<?, ?>) end.agent().extra().get(name))
                .forEach((key, value) -> values.put((String) key, ((Number) value).doubleValue()));
        return values;
    }

    /**
     * What a role used in the window.
     *
     * @param cpuSecondsPerGibibyte of the whole process, for each 2^30 bytes of changes.
     * @param cores CPU seconds in a second.
     * @param allocatedPerGibibyte bytes of heap.
     * @param allocatedPerSecond bytes of heap.
     */
    record RoleUse(
            double cpuSecondsPerGibibyte,
            double cores,
            double allocatedPerGibibyte,
            double allocatedPerSecond,
            long collections,
            Map<String, ThreadUse> threads) {}

    /** What one thread used, as in {@link RoleUse}. */
    record ThreadUse(double cpuSecondsPerGibibyte, double cores, double allocatedPerSecond) {}
}
