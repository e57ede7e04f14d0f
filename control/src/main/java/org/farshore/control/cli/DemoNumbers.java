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
    private static final int WAITING = 0;
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
        double sum = 0;
        for (final String volume : agent.volumes()) {
            sum += copied(volume);
        }
        return sum / Math.max(1, agent.volumes().size());
    }

    /** Share of one volume that is at the target; nothing as long as it waits for its first Welcome. */
    double copied(final String volume) {
        final long size = agent.value(ReplicationCounter.VOLUME_SIZE, volume);
        final boolean waits = agent.value(ReplicationCounter.VOLUME_STATE, volume) == WAITING;
        final long left = agent.value(ReplicationCounter.VOLUME_TODO, volume)
                + agent.value(ReplicationCounter.VOLUME_SENT, volume);
        return size == 0 || waits ? 0 : Math.max(0, 1 - (double) left / size);
    }

    /** True when at least one recovery point is durable. */
    boolean hasPoint() {
        return target.sum(ReplicationCounter.POINTS) > 0;
    }

    /** Bytes of the ring that wait for being durable. */
    long held() {
        return Math.max(
                0,
                agent(ReplicationCounter.CAPTURE_PRODUCER_POSITION)
                        - agent(ReplicationCounter.CAPTURE_RELEASED_POSITION));
    }
}
