package org.farshore.dataplane.runtime;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;

/**
 * How a duty cycle waits: quick under load, nearly free when there is none. It never busy-spins, since two cores must do
 * for everything; there it yields a few times and then parks for 50 us. About a second without work later it parks
 * for 20 ms, and a role at rest costs well under a hundredth of a core.
 *
 * <p>Whether there is load is remembered as <em>heat</em>. A cycle with work adds to it, time takes it away. An idle
 * connection still brings work: heartbeats and status messages, some tens of cycles a second, each alone between two
 * parks. Such a cycle adds 1 while 1,000 are lost in each second, so it cannot keep the thread hot, and resetting the wait
 * at each of them (as a back-off strategy does) would. Load shows itself as cycles with work in direct succession,
 * because after a long park much has arrived: the second adds 2, the third 4, up to 64, so one burst warms a cold thread.
 *
 * <p>One instance for each thread.
 */
public final class RestingIdleStrategy implements IdleStrategy {
    /** Longest park: the latency that a cold thread adds. */
    public static final long PARK_MAX_NS = 20_000_000L;

    static final long PARK_MIN_NS = 50_000L;
    static final int HEAT_MAX = 1_000;
    private static final int HEAT_HOT = 500;
    private static final long COOLING_NS = 1_000_000L;
    private static final int GAIN_SHIFT_MAX = 6;
    private static final int PARK_SHIFT_MAX = 9;
    private static final int YIELDS_MAX = 10;

    private final NanoClock clock;
    private final LongConsumer parker;
    private int heat;
    private int run;
    private int yields;
    private long cooledNs;

    public RestingIdleStrategy() {
        this(System::nanoTime, LockSupport::parkNanos);
    }

    RestingIdleStrategy(final NanoClock clock, final LongConsumer parker) {
        this.clock = clock;
        this.parker = parker;
        this.cooledNs = clock.nanoTime();
    }

    @Override
    public void idle(final int workCount) {
        if (workCount <= 0) {
            idle();
            return;
        }
        if (run == 0) {
            cool(clock.nanoTime());
        }
        heat = Math.min(HEAT_MAX, heat + (1 << Math.min(run, GAIN_SHIFT_MAX)));
        run++;
        yields = 0;
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // a yield only shortens the wait, nothing depends on it
    public void idle() {
        final long nowNs = clock.nanoTime();
        if (run > 0) {
            run = 0;
            cooledNs = nowNs; // time spent working does not cool
        } else {
            cool(nowNs);
        }
        if (heat >= HEAT_HOT && yields < YIELDS_MAX) {
            yields++;
            Thread.yield();
        } else {
            parker.accept(parkNs());
        }
    }

    /** Forgets the load: the next wait is the longest. */
    @Override
    public void reset() {
        heat = 0;
        run = 0;
        yields = 0;
    }

    @Override
    public String alias() {
        return "resting";
    }

    long parkNs() {
        final int coldness = Math.max(0, HEAT_HOT - heat);
        return Math.min(PARK_MAX_NS, PARK_MIN_NS << (coldness * PARK_SHIFT_MAX / HEAT_HOT));
    }

    private void cool(final long nowNs) {
        final long lost = (nowNs - cooledNs) / COOLING_NS;
        if (lost > 0) {
            heat = (int) Math.max(0, heat - lost);
            cooledNs += lost * COOLING_NS;
        }
    }
}
