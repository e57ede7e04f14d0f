package org.farshore.dataplane.operate;

import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.failover.FailoverReport;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code failover-cancel}: the source owns the disks again; what was written to the view is lost. */
final class CancelTask extends StagedTask {
    private final OperatedMachine machine;

    CancelTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
    }

    @Override
    Stage begin(final CommandReply reply) {
        final String id = machine.stream().machine();
        return await(
                operator().failoverAgent().cancel(id),
                generation -> await(operator().failoverAgent().report(id), this::answer));
    }

    private Stage answer(final FailoverReport report) {
        row(Rows.failover(report));
        return end(ExitCode.OK, "");
    }
}
