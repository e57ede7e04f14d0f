package org.farshore.control.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;

/** Looks at the roles of the demo and keeps what outlives one of them: rates, and sums over lives. One thread. */
final class DemoWatch {
    private static final long WINDOW_NS = TimeUnit.SECONDS.toNanos(2);

    private final DemoRoles roles;
    private final Deque<RoleSample> agentSamples = new ArrayDeque<>();
    private RoleSample lastAgent;
    private RoleSample lastTarget;
    private RoleSample lastServer;
    private long earlierIn;
    private long earlierOut;

    DemoWatch(final DemoRoles roles) {
        this.roles = roles;
    }

    DemoNumbers look() {
        final RoleSample agent = roles.sample(DemoRoles.Role.AGENT);
        final RoleSample target = roles.sample(DemoRoles.Role.MASTER_TARGET);
        final RoleSample server = roles.sample(DemoRoles.Role.PROCESS_SERVER);
        lastAgent = agent == null ? lastAgent : agent;
        lastTarget = target == null ? lastTarget : target;
        if (server != null) {
            if (lastServer != null && lastServer.pid() != server.pid()) {
                earlierIn += lastServer.sum(ReplicationCounter.OPTIMISE_IN_BYTES);
                earlierOut += lastServer.sum(ReplicationCounter.OPTIMISE_OUT_BYTES);
            }
            lastServer = server;
        }
        if (agent != null) {
            agentSamples.add(agent);
            while (agentSamples.size() > 2
                    && agent.readNs() - agentSamples.peek().readNs() > WINDOW_NS) {
                agentSamples.remove();
            }
        }
        return new DemoNumbers(
                lastAgent,
                agentSamples.size() < 2 ? null : agentSamples.peek(),
                server != null && server.life() == RoleSample.Life.RUNNING ? server : null,
                lastTarget,
                earlierIn + optimised(ReplicationCounter.OPTIMISE_IN_BYTES),
                earlierOut + optimised(ReplicationCounter.OPTIMISE_OUT_BYTES));
    }

    private long optimised(final ReplicationCounter counter) {
        return lastServer == null ? 0 : lastServer.sum(counter);
    }
}
