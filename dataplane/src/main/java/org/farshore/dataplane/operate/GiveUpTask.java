package org.farshore.dataplane.operate;

import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code retention-give-up}: no point is kept until a newer one names every volume, so that a resync finds room. */
final class GiveUpTask extends StagedTask {
    private final OperatedMachine machine;

    GiveUpTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
    }

    @Override
    Stage begin(final CommandReply reply) {
        return ask(
                machine,
                history -> {
                    history.giveUpPoints();
                    return true;
                },
                done -> {
                    row(Cell.text("machine", machine.stream().machine()), Cell.text("state", "points given up"));
                    return end(ExitCode.OK, "");
                });
    }
}
