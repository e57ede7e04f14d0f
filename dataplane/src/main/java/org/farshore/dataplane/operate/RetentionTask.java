package org.farshore.dataplane.operate;

import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code retention}: how far back one can go, in how much room, and who holds on to what. */
final class RetentionTask extends StagedTask {
    private static final long NS_PER_MS = 1_000_000;

    private final Iterator<OperatedMachine> machines;

    private record Found(List<RecoveryPoint> points, TreeMap<String, Long> pins) {}

    RetentionTask(final Operator operator, final CommandRequest request) {
        super(operator);
        final String wanted = request.find(OperatedMachine.ARGUMENT);
        machines = operator.machines().stream()
                .filter(machine -> wanted == null || machine.stream().machine().startsWith(wanted))
                .iterator();
    }

    @Override
    Stage begin(final CommandReply reply) {
        if (!machines.hasNext()) {
            return end(ExitCode.OK, "");
        }
        final OperatedMachine machine = machines.next();
        return ask(
                machine,
                history -> new Found(
                        history.points().list(List.of()),
                        new TreeMap<>(history.points().pins().sequences())),
                found -> answer(machine, found));
    }

    private Stage answer(final OperatedMachine machine, final Found found) {
        final int count = found.points.size();
        final long oldest = count == 0 ? 0 : found.points.get(0).wallTimeNs();
        final long newest = count == 0 ? 0 : found.points.get(count - 1).wallTimeNs();
        row(
                Cell.text("machine", machine.stream().machine()),
                Cell.durationMs("windowMs", machine.history().policy().windowNs() / NS_PER_MS),
                Cell.bytes("limit", machine.history().policy().limitBytes()),
                Cell.bytes("used", machine.history().usedBytes()),
                Cell.count("points", count),
                Cell.wallTime("oldest", oldest),
                Cell.wallTime("newest", newest),
                Cell.text("pins", String.join(",", found.pins.keySet())),
                Cell.text("held", String.join("; ", machine.stream().holders())));
        return this::begin;
    }
}
