package org.farshore.perf.probe;

import java.util.Map;

/**
 * What a role process has used up to a moment.
 *
 * @param timeNs CLOCK_MONOTONIC.
 * @param cpuNs CPU time of the whole process: its threads, the compiler, the collector.
 * @param heapUsedBytes heap in use, garbage included.
 * @param heapMaxBytes the heap's bound.
 * @param collections runs of the garbage collector.
 * @param residentBytes memory of the process, shared mappings included.
 * @param threads by name; the probe's own thread is left out.
 * @param extra what the role's own classes add.
 */
public record RoleProbeSample(
        long timeNs,
        long cpuNs,
        long heapUsedBytes,
        long heapMaxBytes,
        long collections,
        long residentBytes,
        Map<String, ThreadSample> threads,
        Map<String, Object> extra) {}
