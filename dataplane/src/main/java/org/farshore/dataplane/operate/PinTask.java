package org.farshore.dataplane.operate;

import java.util.List;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code retention-pin} and {@code retention-unpin}: keeps a point under a name, whatever the window, or lets it go. */
final class PinTask extends StagedTask {
    private final OperatedMachine machine;
    private final String name;
    private final PointQuery query;

    PinTask(final Operator operator, final CommandRequest request, final boolean isPin) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
        name = request.require("name");
        query = isPin ? PointQuery.parse(request.require("point")) : null;
    }

    @Override
    Stage begin(final CommandReply reply) {
        return query == null
                ? ask(
                        machine,
                        history -> history.points().pins().unpin(name),
                        complaint -> answer(complaint, "unpinned"))
                : ask(machine, history -> query.choose(history, List.of()), this::pin);
    }

    private Stage pin(final PointChoice choice) {
        return choice.isGranted()
                ? ask(
                        machine,
                        history -> history.points().pins().pin(name, choice.point()),
                        complaint -> answer(
                                complaint,
                                "pinned at sequence " + choice.point().sequence()))
                : end(ExitCode.NO, choice.reason());
    }

    private Stage answer(final String complaint, final String what) {
        if (complaint != null) {
            return end(ExitCode.NO, complaint);
        }
        row(Cell.text("machine", machine.stream().machine()), Cell.text("pin", name), Cell.text("state", what));
        return end(ExitCode.OK, "");
    }
}
