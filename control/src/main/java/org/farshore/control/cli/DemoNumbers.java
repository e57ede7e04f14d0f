package org.farshore.control.cli;

import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;

/**
 * The counters of all three roles at one moment.
 *
 * @param agent now; never null once the agent was up.
 * @param agentBefore some seconds ago, for rates; null at first.
 * @param server null while the process server is away.
 * @param target now.
 * @param optimisedIn bytes into the optimiser, over all lives of the process server.
 * @param optimisedOut bytes out of it.
 */
record DemoNumbers(
        RoleSample agent,
        RoleSample agentBefore,
        RoleSample server,
        RoleSample target,
        long optimisedIn,
        long optimisedOut) {
    private static final int ORDERED = 5;
    private static final int STREAMING = 3;

    long agent(final ReplicationCounter counter) {
        return agent.sum(counter);
    }

    double rate(final ReplicationCounter counter) {
        return agent.rate(counter, agentBefore);
    }

    boolean streaming() {
        return agent.max(ReplicationCounter.SESSION_STATE) == STREAMING;
    }

    /** True when every volume is in write order and no block is to be read or under way. */
    boolean ordered() {
        return !agent.volumes().isEmpty()
                && agent.volumes().stream()
                        .allMatch(volume -> agent.value(ReplicationCounter.VOLUME_STATE, volume) == ORDERED)
                && agent(ReplicationCounter.VOLUME_TODO) == 0
                && agent(ReplicationCounter.VOLUME_SENT) == 0;
    }

    /** Share of all volumes that is at the target. */
    double copied() {
        final long size = agent(ReplicationCounter.VOLUME_SIZE);
        final long left = agent(ReplicationCounter.VOLUME_TODO) + agent(ReplicationCounter.VOLUME_SENT);
        return size == 0 ? 0 : Math.max(0, 1 - (double) left / size);
    }

    /** Bytes of the ring that wait for being durable. */
    long held() {
        return Math.max(
                0,
                agent(ReplicationCounter.CAPTURE_PRODUCER_POSITION)
                        - agent(ReplicationCounter.CAPTURE_RELEASED_POSITION));
    }
}
