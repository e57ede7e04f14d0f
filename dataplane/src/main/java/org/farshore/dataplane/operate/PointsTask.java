package org.farshore.dataplane.operate;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code points}: the points of one machine, oldest first, the newest {@code last} of them when that is given. */
final class PointsTask extends StagedTask {
    private final OperatedMachine machine;
    private final java.util.Collection<UUID> volumes;
    private final long last;

    private record Found(List<RecoveryPoint> points, Map<String, Long> pins) {}

    PointsTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
        volumes = machine.volumes(request);
        last = request.number("last", Long.MAX_VALUE);
    }

    @Override
    Stage begin(final CommandReply reply) {
        return ask(
                machine,
                history -> new Found(
                        history.points().list(volumes), history.points().pins().sequences()),
                this::answer);
    }

    private Stage answer(final Found found) {
        final Map<UUID, String> names = machine.stream().volumeNames();
        final Map<Long, List<String>> pins = found.pins.entrySet().stream()
                .collect(Collectors.groupingBy(
                        Map.Entry::getValue, Collectors.mapping(Map.Entry::getKey, Collectors.toList())));
        final int count = found.points.size();
        for (final RecoveryPoint point : found.points.subList((int) Math.max(0, count - last), count)) {
            row(Rows.point(point, names, pins.getOrDefault(point.sequence(), List.of())));
        }
        return count > 0
                ? end(ExitCode.OK, count > last ? count - last + " older points are not shown" : "")
                : end(ExitCode.NO, "there is no recovery point yet: no volume has been in write order at a barrier");
    }
}
