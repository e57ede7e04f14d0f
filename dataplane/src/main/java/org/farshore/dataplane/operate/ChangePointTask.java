package org.farshore.dataplane.operate;

import java.util.List;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code failover-change-point}: the machine runs on another point; what it wrote since its failover is lost. */
final class ChangePointTask extends StagedTask {
    private final OperatedMachine machine;
    private final PointQuery query;

    ChangePointTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
        query = PointQuery.parse(request.require("point"));
    }

    @Override
    Stage begin(final CommandReply reply) {
        return ask(machine, history -> query.choose(history, List.of()), this::change);
    }

    private Stage change(final PointChoice choice) {
        return choice.isGranted()
                ? OpenViewTask.untilReadable(
                        this,
                        machine,
                        choice.point(),
                        () -> await(
                                operator()
                                        .failoverAgent()
                                        .changePoint(machine.stream().machine(), choice.point()),
                                report -> OpenViewTask.opened(this, report)))
                : end(ExitCode.NO, choice.reason());
    }
}
