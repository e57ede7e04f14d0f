package org.farshore.perf.rig;

import org.farshore.perf.probe.RoleProbeSample;

/**
 * What all roles had done up to a moment.
 *
 * @param optimiseInBytes payload into the process server's optimiser.
 * @param optimiseOutBytes payload out of it.
 * @param appliedBytes written to the replica.
 * @param syncs group commits of the journal.
 * @param indexVersions versions that the index holds,
 * @param indexPosition and how far in the journal it has come with them.
 */
record RigMoment(
        RoleProbeSample agent,
        RoleProbeSample processServer,
        RoleProbeSample masterTarget,
        long optimiseInBytes,
        long optimiseOutBytes,
        long appliedBytes,
        long syncs,
        long indexVersions,
        long indexPosition) {
    /** Bytes of synthetic writes known durable to the agent. */
    long durableBytes() {
        return ((Number) agent.extra().get("durableBytes")).longValue();
    }

    /** Bytes of synthetic writes that appeared in the ring. */
    long producedBytes() {
        return ((Number) agent.extra().get("producedBytes")).longValue();
    }
}
