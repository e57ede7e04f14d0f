package org.farshore.dataplane.recover;

import java.util.ArrayList;
import java.util.List;

/**
 * Who holds which moment of one stream. Retire asks before it raises the floor, views and pins ask before they rely on a
 * moment, and the two questions exclude each other: a moment is either held in time or below the floor.
 *
 * <p>Any thread; rare calls.
 */
public final class ViewLeases {
    private final List<Lease> leases = new ArrayList<>();
    private long floor;

    /** One hold on a moment; closed it is given up. */
    public final class Lease implements AutoCloseable {
        private final long position;
        private final String holder;

        private Lease(final long position, final String holder) {
            this.position = position;
            this.holder = holder;
        }

        /** The journal position that retire does not pass. */
        public long position() {
            return position;
        }

        /** Who holds it, for people. */
        public String holder() {
            return holder;
        }

        @Override
        public void close() {
            release(this);
        }
    }

    /** Starts with the floor that was stored last. */
    public ViewLeases(final long floor) {
        this.floor = floor;
    }

    /**
     * Holds a moment.
     *
     * @param holder names a view or a pin, for people.
     * @return null when it is below the floor already.
     */
    public synchronized Lease hold(final long position, final String holder) {
        if (position < floor) {
            return null;
        }
        final Lease lease = new Lease(position, holder);
        leases.add(lease);
        return lease;
    }

    private synchronized void release(final Lease lease) {
        leases.remove(lease);
    }

    /**
     * Raises the floor as far as nobody minds; retire calls it before it stores the floor. From then on no lease below can be
     * had.
     *
     * @param wanted where the floor would go if there were no leases.
     * @return the floor now: at most {@code wanted} unless it was higher before.
     */
    public synchronized long raiseFloor(final long wanted) {
        floor = Math.max(floor, Math.min(wanted, lowestHeldPosition()));
        return floor;
    }

    /** Points below are withdrawn. */
    public synchronized long floor() {
        return floor;
    }

    /** Lowest position that anybody holds; {@link Long#MAX_VALUE} when nobody does. */
    public synchronized long lowestHeldPosition() {
        long lowest = Long.MAX_VALUE;
        for (final Lease lease : leases) {
            lowest = Math.min(lowest, lease.position);
        }
        return lowest;
    }

    /** Who holds what, for lists and alarms. */
    public synchronized List<Lease> held() {
        return List.copyOf(leases);
    }
}
