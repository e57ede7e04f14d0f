package org.farshore.dataplane.failover;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordInDoubtException;

/**
 * The failover thread: owns the views of all machines and who owns their disks, carries out one order after the other, and
 * moves commits on. It may wait for a disk, or some seconds for the client of a view that is being closed; nobody else waits
 * then but those who give it orders.
 */
public final class FailoverAgent implements Agent {
    private static final int ORDERS_MAX = 64;

    private final FailoverContext context;
    private final ManyToOneConcurrentArrayQueue<Order<?>> orders = new ManyToOneConcurrentArrayQueue<>(ORDERS_MAX);
    private final Map<String, MachineFailover> machines = new TreeMap<>();
    private final List<MachineFailover> steps = new ArrayList<>();
    private List<MachineStream> seen = List.of();

    /**
     * Something that was ordered; whoever gave the order looks at {@link #isDone()} now and then.
     *
     * @param <T> what it answers.
     */
    public static final class Order<T> {
        private final Function<FailoverAgent, T> work;
        private T value;
        private FarshoreException failure;
        private volatile boolean done;

        private Order(final Function<FailoverAgent, T> work) {
            this.work = work;
        }

        /** True when it was carried out or refused. */
        public boolean isDone() {
            return done;
        }

        /**
         * The answer, once done.
         *
         * @throws FarshoreException why it was refused: NO, STORAGE or UNAVAILABLE.
         */
        public T value() {
            if (failure != null) {
                throw failure;
            }
            return value;
        }

        private void carryOut(final FailoverAgent agent) {
            try {
                value = work.apply(agent);
            } catch (final FarshoreException e) {
                if (e.exitCode() == ExitCode.INVARIANT) {
                    throw e;
                }
                failure = e;
            }
            done = true;
        }
    }

    /**
     * Brings back every view and every failover of the streams that are open now; the agent's thread may begin later.
     *
     * @param context concluded.
     * @throws FarshoreException STORAGE when it is not known who owns the disks of a machine.
     */
    public FailoverAgent(final FailoverContext context) {
        this.context = context;
        meetNewMachines();
    }

    private int meetNewMachines() {
        final List<MachineStream> now = context.streams().get();
        if (now == seen) {
            return 0;
        }
        seen = now;
        for (final MachineStream stream : now) {
            if (!machines.containsKey(stream.machine())) {
                final MachineFailover machine = new MachineFailover(context, stream);
                machine.restore();
                machines.put(stream.machine(), machine);
                steps.add(machine);
            }
        }
        return 1;
    }

    private <T> Order<T> order(final Function<FailoverAgent, T> work) {
        final Order<T> order = new Order<>(work);
        if (!orders.offer(order)) {
            throw new FarshoreException(ExitCode.UNAVAILABLE, ORDERS_MAX + " orders are waiting: try again");
        }
        return order;
    }

    private MachineFailover machine(final String machine) {
        final MachineFailover found = machines.get(machine);
        if (found == null) {
            throw new FarshoreException(ExitCode.NO, "there is no machine " + machine + " with a history here");
        }
        return found;
    }

    /** Opens a view of some volumes, of all when none are named. Any thread. */
    public Order<ViewReport> openView(
            final String machine,
            final RecoveryPoint point,
            final Collection<UUID> volumes,
            final ViewPurpose purpose) {
        return order(agent -> agent.machine(machine).open(point, volumes, purpose));
    }

    /** Closes a view and removes everything that it had. Any thread. */
    public Order<Boolean> closeView(final String machine, final String id) {
        return order(agent -> {
            agent.machine(machine).close(id);
            return true;
        });
    }

    /** What is left of a view that was closed; empty when nothing is. Any thread. */
    public Order<List<String>> residue(final String machine, final ViewReport view) {
        return order(agent -> agent.machine(machine).residue(view));
    }

    /** Refuses the source of a machine from now on; answers the new generation. Any thread. */
    public Order<Integer> fence(final String machine) {
        return order(agent -> agent.machine(machine).fence());
    }

    /** Makes a view of a point the disk of a machine whose source is fenced. Any thread. */
    public Order<ViewReport> failOver(final String machine, final RecoveryPoint point) {
        return order(agent -> agent.machine(machine).failOver(point));
    }

    /** Makes a view of another point the disk of a machine that has failed over. Any thread. */
    public Order<ViewReport> changePoint(final String machine, final RecoveryPoint point) {
        return order(agent -> agent.machine(machine).changePoint(point));
    }

    /** Gives the disks back to the source; answers the generation. Any thread. */
    public Order<Integer> cancel(final String machine) {
        return order(agent -> agent.machine(machine).cancel());
    }

    /** Begins a commit or lets it go on. Any thread. */
    public Order<FailoverReport> commit(final String machine) {
        return order(agent -> agent.machine(machine).commit());
    }

    /** Who owns the disks of a machine. Any thread. */
    public Order<FailoverReport> report(final String machine) {
        return order(agent -> agent.machine(machine).report());
    }

    /** The views of all machines. Any thread. */
    public Order<List<ViewReport>> views() {
        return order(agent -> {
            final List<ViewReport> reports = new ArrayList<>();
            agent.machines.values().forEach(machine -> reports.addAll(machine.reports()));
            return reports;
        });
    }

    /** @throws FarshoreException STORAGE when it is in doubt what a record says: the role ends, and starts again. */
    @Override
    public int doWork() {
        try {
            return work();
        } catch (final RecordInDoubtException e) {
            throw new FarshoreException(ExitCode.STORAGE, e.getMessage(), e);
        }
    }

    private int work() {
        int work = meetNewMachines();
        final Order<?> order = orders.poll();
        if (order != null) {
            order.carryOut(this);
            work++;
        }
        for (int i = 0; i < steps.size(); i++) {
            work += steps.get(i).doWork();
        }
        return work;
    }

    @Override
    public void onClose() {
        machines.values().forEach(MachineFailover::close);
    }

    @Override
    public String roleName() {
        return "failover";
    }
}
