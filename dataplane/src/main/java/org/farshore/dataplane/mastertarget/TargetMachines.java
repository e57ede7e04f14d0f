package org.farshore.dataplane.mastertarget;

import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.failover.MachineStream;
import org.farshore.dataplane.failover.TargetMachine;
import org.farshore.dataplane.operate.OperatedMachine;
import org.farshore.dataplane.operate.RetentionOrders;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.runtime.BlockFiles;

/** The open streams as failover and operators see them. Any thread. */
final class TargetMachines implements RetentionOrders {
    private final ApplyAgent applyAgent;
    private final BlockFiles files;
    private List<TargetStream> seen = List.of();
    private List<TargetMachine> machines = List.of();
    private List<MachineStream> streams = List.of();
    private List<OperatedMachine> operated = List.of();

    TargetMachines(final ApplyAgent applyAgent, final BlockFiles files) {
        this.applyAgent = applyAgent;
        this.files = files;
    }

    /** Streams are opened and stay. */
    private synchronized void look() {
        final List<TargetStream> now = applyAgent.streams();
        if (now == seen) {
            return;
        }
        seen = now;
        final List<TargetMachine> all = new ArrayList<>(machines);
        for (int i = machines.size(); i < now.size(); i++) {
            all.add(new TargetMachine(now.get(i), applyAgent, files));
        }
        machines = List.copyOf(all);
        streams = List.copyOf(all);
        operated = all.stream()
                .filter(machine -> machine.history() != null)
                .map(machine -> new OperatedMachine(machine, machine.history()))
                .toList();
    }

    synchronized List<MachineStream> streams() {
        look();
        return streams;
    }

    synchronized List<OperatedMachine> operated() {
        look();
        return operated;
    }

    @Override
    public Change setWindow(final String machine, final long windowNs) {
        for (final TargetStream stream : applyAgent.streams()) {
            if (stream.machine().equals(machine)) {
                final ApplyAgent.SetRetention request = new ApplyAgent.SetRetention(stream, windowNs);
                return applyAgent.offer(request) ? new Ordered(request) : null;
            }
        }
        throw new IllegalStateException("machine " + machine + " was operated and is gone");
    }

    private record Ordered(ApplyAgent.SetRetention request) implements Change {
        @Override
        public boolean isDone() {
            return request.isDone();
        }

        @Override
        public String refusal() {
            return request.refusal();
        }
    }
}
