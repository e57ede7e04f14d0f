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
 * <p>Whether there is load is remembered as <em>heat</em>. A cycle with work adds 8 to it, each second takes 1,000 away:
 * 125 such cycles a second keep a thread warm. An idle connection still brings work: heartbeats, status messages,
 * acknowledgements. They come some tens of times a second and must not keep the thread hot, as they would if each
 * of them reset the wait, which is what a back-off strategy does.
 *
 * <p>The media driver counts bytes as work and sees every heartbeat of every stream. There, cycles below a floor of
 * bytes add 1 only. (Telling load by cycles in direct succession was tried: a sender and a receiver that wait
 * for each other then settle at parks of some milliseconds and a window for each, 78 MB/s.)
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
    private static final int GAIN = 8;
    private static final int SMALL_GAIN = 1;
    private static final int PARK_SHIFT_MAX = 9;
    private static final int YIELDS_MAX = 10;

    private final NanoClock clock;
    private final LongConsumer parker;
    private final int workFloor;
    private boolean isWorking;
    private int heat;
    private int yields;
    private long cooledNs;

    /** For a duty cycle that counts messages. */
    public RestingIdleStrategy() {
        this(1);
    }

    /** For a duty cycle whose work counts as load from {@code workFloor} on. */
    public RestingIdleStrategy(final int workFloor) {
        this(workFloor, System::nanoTime, LockSupport::parkNanos);
    }

    RestingIdleStrategy(final int workFloor, final NanoClock clock, final LongConsumer parker) {
        this.workFloor = workFloor;
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
        if (!isWorking) {
            isWorking = true;
            cool(clock.nanoTime());
        }
        heat = Math.min(HEAT_MAX, heat + (workCount >= workFloor ? GAIN : SMALL_GAIN));
        yields = 0;
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // a yield only shortens the wait, nothing depends on it
    public void idle() {
        final long nowNs = clock.nanoTime();
        if (isWorking) {
            isWorking = false;
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
        isWorking = false;
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
