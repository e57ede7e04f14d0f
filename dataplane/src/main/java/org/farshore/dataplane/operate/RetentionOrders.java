package org.farshore.dataplane.operate;

/** Changes how far back one can go while the role runs. Command thread. */
@FunctionalInterface
public interface RetentionOrders {
    /** A change under way. */
    interface Change {
        /** True when it was made, durably, or refused. */
        boolean isDone();

        /** Why it was refused, or null. */
        String refusal();
    }

    /**
     * Orders another window for one machine.
     *
     * @param windowNs nanoseconds of the protected machine's time, more than 0.
     * @return null when too much is ordered at once.
     */
    Change setWindow(String machine, long windowNs);
}
