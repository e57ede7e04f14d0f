package org.farshore.dataplane.operate;

import java.util.Iterator;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.failover.FailoverReport;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code failover-status}: who owns the disks of each machine. */
final class FailoverStatusTask extends StagedTask {
    private final Iterator<OperatedMachine> machines;

    FailoverStatusTask(final Operator operator, final CommandRequest request) {
        super(operator);
        final String wanted = request.find(OperatedMachine.ARGUMENT);
        machines = operator.machines().stream()
                .filter(machine -> wanted == null || machine.stream().machine().startsWith(wanted))
                .iterator();
    }

    @Override
    Stage begin(final CommandReply reply) {
        return machines.hasNext()
                ? await(
                        operator()
                                .failoverAgent()
                                .report(machines.next().stream().machine()),
                        this::answer)
                : end(ExitCode.OK, "");
    }

    private Stage answer(final FailoverReport report) {
        row(Rows.failover(report));
        return this::begin;
    }
}
