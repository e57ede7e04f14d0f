package org.farshore.perf.probe;

/**
 * What a thread has used since its start.
 *
 * @param cpuNs CPU time, user and system.
 * @param allocatedBytes of Java heap.
 */
public record ThreadSample(long cpuNs, long allocatedBytes) {}
