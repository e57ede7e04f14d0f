package org.farshore.dataplane.operate;

import java.util.List;
import java.util.function.Supplier;
import org.farshore.dataplane.command.CommandBook;
import org.farshore.dataplane.failover.FailoverAgent;
import org.farshore.dataplane.recover.FollowAgent;
import org.farshore.dataplane.runtime.Clocks;

/** Everything that an operator can ask of a master target, for its {@link CommandBook}. */
public final class Operator {
    private final Supplier<List<OperatedMachine>> machines;
    private final FollowAgent followAgent;
    private final FailoverAgent failoverAgent;
    private final RetentionOrders retention;
    private final Clocks clocks;

    /**
     * Joins those who carry the commands out.
     *
     * @param machines that have a history here now.
     */
    public Operator(
            final Supplier<List<OperatedMachine>> machines,
            final FollowAgent followAgent,
            final FailoverAgent failoverAgent,
            final RetentionOrders retention,
            final Clocks clocks) {
        this.machines = machines;
        this.followAgent = followAgent;
        this.failoverAgent = failoverAgent;
        this.retention = retention;
        this.clocks = clocks;
    }

    /** A book of all commands. */
    public CommandBook book() {
        return new CommandBook()
                .add("points", request -> new PointsTask(this, request))
                .add("view-open", request -> new OpenViewTask(this, request, false))
                .add("view-list", request -> new ListViewsTask(this, request))
                .add("view-close", request -> new CloseViewTask(this, request, false))
                .add("test-failover-start", request -> new OpenViewTask(this, request, true))
                .add("test-failover-cleanup", request -> new CloseViewTask(this, request, true))
                .add("failover", request -> new FailoverTask(this, request))
                .add("failover-status", request -> new FailoverStatusTask(this, request))
                .add("failover-change-point", request -> new ChangePointTask(this, request))
                .add("failover-cancel", request -> new CancelTask(this, request))
                .add("commit", request -> new CommitTask(this, request))
                .add("retention", request -> new RetentionTask(this, request))
                .add("retention-set", request -> new SetRetentionTask(this, request))
                .add("retention-pin", request -> new PinTask(this, request, true))
                .add("retention-unpin", request -> new PinTask(this, request, false))
                .add("retention-give-up", request -> new GiveUpTask(this, request));
    }

    List<OperatedMachine> machines() {
        return machines.get();
    }

    FollowAgent followAgent() {
        return followAgent;
    }

    FailoverAgent failoverAgent() {
        return failoverAgent;
    }

    RetentionOrders retention() {
        return retention;
    }

    Clocks clocks() {
        return clocks;
    }
}
