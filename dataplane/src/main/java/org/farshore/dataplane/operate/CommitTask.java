package org.farshore.dataplane.operate;

import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.failover.FailoverReport;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code commit}: begins it, or lets it go on, and tells how far it has come; a client that hangs up does not stop it. */
final class CommitTask extends StagedTask {
    private static final long LOOK_INTERVAL_NS = 100_000_000;

    private final OperatedMachine machine;
    private long lookedNs;

    CommitTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
    }

    @Override
    Stage begin(final CommandReply reply) {
        lookedNs = operator().clocks().nanoTime();
        return await(operator().failoverAgent().commit(machine.stream().machine()), report -> look(reply, report));
    }

    private Stage look(final CommandReply reply, final FailoverReport report) {
        if (report.phase() == FailoverPhase.COMMITTED) {
            row(Rows.failover(report));
            return end(ExitCode.OK, "");
        }
        if (!report.complaint().isEmpty()) {
            row(Rows.failover(report));
            return end(
                    ExitCode.STORAGE,
                    "the commit stands still: " + report.complaint()
                            + "; see to it and give the command again, after a restart of the role if a sync failed");
        }
        reply.progressBytes(report.stage(), report.doneBytes(), report.totalBytes());
        return this::lookAgain;
    }

    private Stage lookAgain(final CommandReply reply) {
        final long nowNs = operator().clocks().nanoTime();
        if (nowNs - lookedNs < LOOK_INTERVAL_NS) {
            return this::lookAgain;
        }
        lookedNs = nowNs;
        return await(operator().failoverAgent().report(machine.stream().machine()), report -> look(reply, report));
    }
}
