package org.farshore.dataplane.operate;

import java.util.List;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.runtime.ExitCode;

/**
 * {@code failover}: chooses a point to see that there is one; fences the source; waits until nothing of it is under way and
 * all of it was followed; chooses again, since the newest state may be a newer one now; opens and serves it. When the second
 * choice fails the fence is taken back.
 *
 * <p>A client that hangs up after the fence leaves the source fenced; the same command goes on from there.
 */
final class FailoverTask extends StagedTask {
    private final OperatedMachine machine;
    private final PointQuery query;

    FailoverTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
        query = PointQuery.parse(request.require("point"));
    }

    private String id() {
        return machine.stream().machine();
    }

    @Override
    Stage begin(final CommandReply reply) {
        return ask(machine, history -> query.choose(history, List.of()), this::fence);
    }

    private Stage fence(final PointChoice choice) {
        return choice.isGranted()
                ? await(operator().failoverAgent().fence(id()), generation -> this::untilObeyed)
                : end(ExitCode.NO, choice.reason());
    }

    private Stage untilObeyed(final CommandReply reply) {
        reply.progressCount("waiting until all that the source sent is durable", 0, 0);
        return machine.stream().isFenceObeyed() ? this.untilFollowed(false) : this::untilObeyed;
    }

    private Stage untilFollowed(final boolean isFollowed) {
        return isFollowed
                ? ask(machine, history -> query.choose(history, List.of()), this::open)
                : ask(machine, history -> history.isFollowed(), this::untilFollowed);
    }

    private Stage open(final PointChoice choice) {
        if (!choice.isGranted()) {
            return takeBack(choice.reason());
        }
        return OpenViewTask.untilReadable(
                this,
                machine,
                choice.point(),
                () -> await(
                        operator().failoverAgent().failOver(id(), choice.point()),
                        report -> OpenViewTask.opened(this, report),
                        refusal -> end(
                                refusal.exitCode(),
                                refusal.getMessage()
                                        + "; the source stays fenced: try again, or farshore failover cancel")));
    }

    private Stage takeBack(final String reason) {
        return await(
                operator().failoverAgent().cancel(id()),
                generation -> end(ExitCode.NO, reason + "; the source may come back"));
    }
}
