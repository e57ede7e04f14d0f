package org.farshore.dataplane.operate;

import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.recover.RetentionPolicy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** {@code retention-set}: another window from now on, also after a restart. */
final class SetRetentionTask extends StagedTask {
    private static final long NS_PER_MS = 1_000_000;

    private final OperatedMachine machine;
    private final long windowMs;

    SetRetentionTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
        windowMs = request.number("windowMs", 0);
        if (windowMs < 1 || windowMs > RetentionPolicy.WINDOW_NS_MAX / NS_PER_MS) {
            throw new FarshoreException(
                    ExitCode.USAGE,
                    "a window is 1 ms to " + RetentionPolicy.WINDOW_NS_MAX / NS_PER_MS + " ms long, not " + windowMs);
        }
    }

    @Override
    Stage begin(final CommandReply reply) {
        final RetentionOrders.Change change =
                operator().retention().setWindow(machine.stream().machine(), windowMs * NS_PER_MS);
        if (change == null) {
            return end(ExitCode.UNAVAILABLE, "too much is ordered at once: try again");
        }
        return new Stage() {
            @Override
            public Stage step(final CommandReply ignored) {
                return change.isDone() ? answer(change) : this;
            }
        };
    }

    private Stage answer(final RetentionOrders.Change change) {
        if (change.refusal() != null) {
            return end(ExitCode.NO, change.refusal());
        }
        row(Cell.text("machine", machine.stream().machine()), Cell.durationMs("windowMs", windowMs));
        return end(ExitCode.OK, "");
    }
}
