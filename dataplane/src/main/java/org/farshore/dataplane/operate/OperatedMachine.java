package org.farshore.dataplane.operate;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.failover.MachineStream;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** A machine that can be commanded: its stream, and its past. */
public record OperatedMachine(MachineStream stream, StreamHistory history) {
    /** The argument that names a machine: its id or the begin of it. */
    static final String ARGUMENT = "machine";

    private static final String VOLUMES = "volumes";

    /**
     * The machine that a command means; the only one when it names none.
     *
     * @throws FarshoreException NO when there is no such machine, USAGE when there are several.
     */
    static OperatedMachine find(final CommandRequest request, final List<OperatedMachine> machines) {
        final String wanted = request.find(ARGUMENT);
        final List<OperatedMachine> found = machines.stream()
                .filter(machine -> wanted == null || machine.stream.machine().startsWith(wanted))
                .toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        final List<String> ids =
                machines.stream().map(machine -> machine.stream.machine()).toList();
        if (machines.isEmpty()) {
            throw new FarshoreException(
                    ExitCode.NO,
                    "no machine has recovery points here: none is protected yet, or"
                            + " farshore.master-target.retention.window is 0");
        }
        if (found.isEmpty()) {
            throw new FarshoreException(ExitCode.NO, "there is no machine " + wanted + " here, only " + ids);
        }
        throw new FarshoreException(ExitCode.USAGE, "which machine? --machine one of " + ids);
    }

    /**
     * The volumes that a command names; empty for all.
     *
     * @throws FarshoreException NO when one is not there.
     */
    Collection<UUID> volumes(final CommandRequest request) {
        final String text = request.find(VOLUMES);
        final Set<UUID> volumes = new TreeSet<>();
        if (text == null || text.isEmpty()) {
            return volumes;
        }
        final Map<UUID, String> names = stream.volumeNames();
        for (final String name : text.split(",")) {
            final UUID found = names.entrySet().stream()
                    .filter(entry -> entry.getValue().equals(name))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElseThrow(() -> new FarshoreException(
                            ExitCode.NO,
                            "there is no volume " + name + ", only "
                                    + String.join(", ", new TreeSet<>(names.values()))));
            volumes.add(found);
        }
        return volumes;
    }

    /** True when a view of the point can be read without waiting for the version index. */
    boolean isReadable(final RecoveryPoint point) {
        final long indexed = history.index().indexedPosition();
        final boolean isThere = point.frameEntries() > 0 ? indexed > point.position() : indexed >= point.position();
        return isThere && history.index().isReady();
    }
}
