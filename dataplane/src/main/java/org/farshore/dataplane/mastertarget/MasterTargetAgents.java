package org.farshore.dataplane.mastertarget;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.journal.JournalCommitAgent;
import org.farshore.dataplane.receive.ReceiveAgent;
import org.farshore.dataplane.receive.ReceiveContext;
import org.farshore.dataplane.recover.FollowAgent;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.DirectBatches;
import org.farshore.dataplane.retire.ReplicaVolumes;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RoleRunner;

/**
 * The four agents of a master target, put together and not yet running: on a thread each in production, stepped in one
 * thread by a simulation.
 *
 * <pre>
 *   network ──► receive ──groups──► commit ──durable position──► follow ──retire position──► apply ──► replica volumes
 *                  ▲                   └─ chunks, straight ──────────────────────────────────────────────▲
 *                  └──── acknowledgements, comparisons, opened streams ── (commit, apply)
 * </pre>
 *
 * <p>Making it recovers every stream that lies in the data directory: nothing is listened to before that is done.
 */
public final class MasterTargetAgents {
    private final JournalCommitAgent commitAgent;
    private final FollowAgent followAgent;
    private final ApplyAgent applyAgent;
    private final ReceiveAgent receiveAgent;

    /**
     * Recovers the streams and makes the agents.
     *
     * @param context concluded.
     * @throws FarshoreException STORAGE when a disk failed.
     */
    public MasterTargetAgents(final MasterTargetContext context) {
        commitAgent = new JournalCommitAgent(context.clocks());
        final ReplicaVolumes replicaVolumes =
                new ReplicaVolumes(context.files(), context.dataDirectory(), context.replicas(), context.adopt());
        final TargetStreams targetStreams = new TargetStreams(
                context.files(),
                context.dataDirectory(),
                context::newJournalContext,
                replicaVolumes,
                context.historySettings(),
                context.counters());
        followAgent = new FollowAgent(context.clocks());
        applyAgent = new ApplyAgent(context.clocks(), targetStreams, commitAgent, followAgent, context.applyMemory());
        final List<TargetStream> streams = recover(context, targetStreams);
        final ReceiveContext receiveContext = new ReceiveContext()
                .clocks(context.clocks())
                .counters(context.counters())
                .applyAgent(applyAgent)
                .directBatches(new DirectBatches(context.directMemory()))
                .machines(context.machines())
                .machinesMax(context.machinesMax())
                .conclude();
        receiveAgent = new ReceiveAgent(receiveContext, context.links(), context.endpoint());
        streams.forEach(receiveAgent::add);
    }

    private List<TargetStream> recover(final MasterTargetContext context, final TargetStreams targetStreams) {
        try {
            context.files().createDirectories(context.dataDirectory());
            final List<TargetStream> streams = new ArrayList<>();
            for (final String machine : targetStreams.machines()) {
                final int half = machine.length() / 2;
                streams.add(applyAgent.open(
                        Long.parseUnsignedLong(machine.substring(0, half), 16),
                        Long.parseUnsignedLong(machine.substring(half), 16)));
            }
            return streams;
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE, "cannot recover from " + context.dataDirectory() + ": " + e.getMessage(), e);
        }
    }

    /** Gives each agent a thread of the role. */
    void runOn(final RoleRunner runner) {
        runner.add(receiveAgent).add(commitAgent).addApart(followAgent).addApart(applyAgent);
    }

    /** All agents: those that a write meets, in order, and the one that follows beside them. */
    public List<Agent> all() {
        return List.of(receiveAgent, commitAgent, applyAgent, followAgent);
    }

    /** Where streams are opened and their windows set; requests from any thread. */
    public ApplyAgent applyAgent() {
        return applyAgent;
    }

    /** Where points are asked for; requests from any thread. */
    public FollowAgent followAgent() {
        return followAgent;
    }
}
