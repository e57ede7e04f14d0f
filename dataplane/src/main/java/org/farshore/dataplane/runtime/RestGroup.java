package org.farshore.dataplane.runtime;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The threads of one role, which hand work to each other and therefore wake each other: whoever had work in a duty cycle
 * wakes those that rest. So a thread that nobody outside the process gives work to may rest as long as it likes, and a
 * write passes through a role without waiting for a park to end.
 *
 * <p><b>No wake-up is lost.</b> A thread first says that it rests, looks for work once more, and only then parks; a waker
 * first publishes the work, then, behind a full fence, looks who rests. One of the two sees the other.
 *
 * <p>Waking costs nothing while nobody rests: a fence and a look at a flag for each thread.
 */
public final class RestGroup {
    private volatile RestingIdleStrategy[] members = new RestingIdleStrategy[0];

    /**
     * A strategy for one more thread of the role.
     *
     * @param loadFloor work of a cycle from which on it is load; see {@link RestingIdleStrategy}.
     * @param talkFloor work of a cycle from which on the others are woken.
     */
    public RestingIdleStrategy newStrategy(final int loadFloor, final int talkFloor) {
        final RestingIdleStrategy strategy = new RestingIdleStrategy(loadFloor, talkFloor, this);
        add(strategy);
        return strategy;
    }

    /** A strategy for a thread that wakes the others and is not woken itself. */
    RestingIdleStrategy newStrategyApart() {
        return new RestingIdleStrategy(RestingIdleStrategy.NO_LOAD, 1, this);
    }

    synchronized void add(final RestingIdleStrategy strategy) {
        final RestingIdleStrategy[] more = Arrays.copyOf(members, members.length + 1);
        more[members.length] = strategy;
        members = more;
    }

    /** Wakes every member that rests, but {@code worker}. */
    void wakeOthers(final RestingIdleStrategy worker) {
        VarHandle.fullFence();
        final RestingIdleStrategy[] all = members;
        for (int i = 0; i < all.length; i++) {
            if (all[i] != worker) {
                all[i].wake();
            }
        }
    }
}
