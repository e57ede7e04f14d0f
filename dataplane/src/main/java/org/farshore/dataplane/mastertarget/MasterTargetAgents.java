package org.farshore.dataplane.mastertarget;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.command.CommandBook;
import org.farshore.dataplane.failover.FailoverAgent;
import org.farshore.dataplane.failover.FailoverContext;
import org.farshore.dataplane.journal.JournalCommitAgent;
import org.farshore.dataplane.operate.Operator;
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
 * The five agents of a master target, put together and not yet running: on a thread each in production, stepped in one
 * thread by a simulation.
 *
 * <pre>
 *   network ──► receive ──groups──► commit ──durable position──► follow ──retire position──► apply ──► replica volumes
 *                  ▲                   └─ chunks, straight ──────────────────────────────────────────────▲
 *                  └──── acknowledgements, comparisons, opened streams ── (commit, apply)
 *   failover: views, and who owns the disks; lets the source in (receive), halts what reaches the replicas (apply)
 * </pre>
 *
 * <p>Making it recovers every stream that lies in the data directory: nothing is listened to before that is done.
 */
public final class MasterTargetAgents {
    private final JournalCommitAgent commitAgent;
    private final FollowAgent followAgent;
    private final ApplyAgent applyAgent;
    private final ReceiveAgent receiveAgent;
    private final FailoverAgent failoverAgent;
    private final CommandBook commands;

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
        final TargetMachines machines = new TargetMachines(applyAgent, context.files());
        failoverAgent = new FailoverAgent(new FailoverContext()
                .files(context.files())
                .dataDirectory(context.dataDirectory())
                .clocks(context.clocks())
                .entropy(context.entropy())
                .counters(context.counters())
                .exports(context.exports())
                .streams(machines::streams)
                .conclude());
        commands = new Operator(machines::operated, followAgent, failoverAgent, machines, context.clocks()).book();
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
        runner.add(receiveAgent)
                .add(commitAgent)
                .addApart(followAgent)
                .addApart(applyAgent)
                .addApart(failoverAgent);
    }

    /** All agents: those that a write meets, in order, and the one that follows beside them. */
    public List<Agent> all() {
        return List.of(receiveAgent, commitAgent, applyAgent, followAgent, failoverAgent);
    }

    /** What an operator can ask for; commands are begun and stepped by one thread of their own. */
    public CommandBook commands() {
        return commands;
    }

    /** Owner of views and failovers; orders from any thread. */
    public FailoverAgent failoverAgent() {
        return failoverAgent;
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
