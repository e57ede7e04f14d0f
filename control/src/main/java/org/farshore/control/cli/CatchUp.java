package org.farshore.control.cli;

import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * Decides when everything that was written before {@code this} was made is on the replica. In this order, from the
 * beginning again when a volume leaves write order: every volume is in write order and nothing is left to read; two
 * barriers were cut since, of which the second was surely begun after; what had been sent then is durable and applied.
 * One thread.
 */
final class CatchUp {
    /** The first of two may have been under way when the last write was made. */
    private static final int BARRIERS = 2;

    private final long barriersWanted;
    private final boolean untilApplied;
    private long sequenceWanted = -1;

    /**
     * Made after the last write was given to the device.
     *
     * @param untilApplied false to be content when it is durable.
     */
    CatchUp(final DemoNumbers numbers, final boolean untilApplied) {
        this.untilApplied = untilApplied;
        this.barriersWanted = numbers.agent(ReplicationCounter.BARRIERS) + BARRIERS;
    }

    /** True when it is done. */
    boolean done(final DemoNumbers numbers) {
        if (!numbers.ordered() || !numbers.streaming()) {
            sequenceWanted = -1;
            return false;
        }
        if (sequenceWanted < 0) {
            if (numbers.agent(ReplicationCounter.BARRIERS) < barriersWanted) {
                return false;
            }
            sequenceWanted = numbers.agent(ReplicationCounter.SENT_SEQUENCE);
        }
        return numbers.agent(ReplicationCounter.DURABLE_SEQUENCE) >= sequenceWanted
                && (!untilApplied || numbers.target().max(ReplicationCounter.APPLIED_SEQUENCE) >= sequenceWanted);
    }

    /** What it waits for, in words. */
    String waitsFor(final DemoNumbers numbers) {
        if (!numbers.streaming()) {
            return "the connection";
        }
        if (!numbers.ordered()) {
            return "every volume to be in write order";
        }
        if (sequenceWanted < 0) {
            return "a barrier after the last write";
        }
        return "sequence " + sequenceWanted + " to be durable" + (untilApplied ? " and applied" : "");
    }
}
