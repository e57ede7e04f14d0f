package org.farshore.dataplane.receive;

import java.util.Set;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.DirectBatches;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** What the receiving stage is made with. Set, then {@link #conclude()} once. */
public final class ReceiveContext {
    /** Stands for every machine in the list of those that are let in. */
    public static final String ANY_MACHINE = "*";

    private static final int HEXADECIMAL = 16;
    private static final int HALF_DIGITS = 16;

    private Clocks clocks;
    private CounterFactory counters;
    private ApplyAgent applyAgent;
    private DirectBatches directBatches;
    private Set<String> machines = Set.of();
    private int machinesMax = 16;
    private AtomicCounter malformed;

    /** Checks that nothing is missing and makes the counters of the role. */
    public ReceiveContext conclude() {
        if (clocks == null || counters == null || applyAgent == null || directBatches == null || machines.isEmpty()) {
            throw new IllegalStateException("receive context lacks clocks, counters, apply agent, batches or machines");
        }
        malformed = counters.newCounter(ReplicationCounter.MALFORMED, "");
        return this;
    }

    public ReceiveContext clocks(final Clocks value) {
        clocks = value;
        return this;
    }

    public ReceiveContext counters(final CounterFactory value) {
        counters = value;
        return this;
    }

    /** Opens streams and replicas on request. */
    public ReceiveContext applyAgent(final ApplyAgent value) {
        applyAgent = value;
        return this;
    }

    /** Memory for chunks. */
    public ReceiveContext directBatches(final DirectBatches value) {
        directBatches = value;
        return this;
    }

    /** Ids of the machines that are let in, 32 hexadecimal digits each, or {@link #ANY_MACHINE}. */
    public ReceiveContext machines(final Set<String> value) {
        machines = Set.copyOf(value);
        return this;
    }

    /** Most streams. */
    public ReceiveContext machinesMax(final int value) {
        machinesMax = value;
        return this;
    }

    Clocks clocks() {
        return clocks;
    }

    CounterFactory counters() {
        return counters;
    }

    ApplyAgent applyAgent() {
        return applyAgent;
    }

    DirectBatches directBatches() {
        return directBatches;
    }

    int machinesMax() {
        return machinesMax;
    }

    AtomicCounter malformed() {
        return malformed;
    }

    boolean isLetIn(final String machine) {
        return machines.contains(ANY_MACHINE) || machines.contains(machine);
    }

    ApplyAgent.OpenStream newOpenStream(final String machine) {
        return new ApplyAgent.OpenStream(
                Long.parseUnsignedLong(machine.substring(0, HALF_DIGITS), HEXADECIMAL),
                Long.parseUnsignedLong(machine.substring(HALF_DIGITS), HEXADECIMAL));
    }
}
