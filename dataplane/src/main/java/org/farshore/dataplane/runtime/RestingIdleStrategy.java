package org.farshore.dataplane.runtime;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;

/**
 * How a duty cycle waits: quick under load, nearly free when there is none. It never busy-spins, since two cores must do
 * for everything.
 *
 * <pre>
 *   hot    hundreds of cycles with work a second     yields once, then parks for 100 us
 *   warm   load in the last second                   parks for 1 ms
 *   cold   none                                      parks for 20 ms; a role at rest costs about 1 % of a core
 * </pre>
 *
 * <p><b>Hot</b> is remembered as heat: a cycle with work adds 2 to it, each second takes 1,000 away. An idle connection
 * still brings work: heartbeats, status messages, acknowledgements. They come some tens of times a second and must not keep
 * the thread hot, as they would if each of them reset the wait, which is what a back-off strategy does; what lies below
 * the <em>talk floor</em> does not count at all. (Telling load by
 * cycles in direct succession was tried: a sender and a receiver that wait for each other then settle at parks of some
 * milliseconds and a window for each, 78 MB/s.)
 *
 * <p><b>Warm</b> is for threads to which work comes from where nobody can wake them: a socket, the capture ring. There a
 * single cycle whose work reaches the <em>load floor</em> keeps parks at 1 ms for a second, so that a stream of a few
 * writes a second does not pay for a long park at every hop. What an idle connection brings lies below the floor.
 *
 * <p><b>Long parks can be ended</b> by the other threads of the role; see {@link RestGroup}.
 *
 * <p>One instance for each thread.
 */
public final class RestingIdleStrategy implements IdleStrategy {
    /** Longest park: the latency that a cold thread adds where nobody wakes it. */
    public static final long PARK_MAX_NS = 20_000_000L;
    /** A load floor that no work reaches: the thread is given work by its role's other threads only. */
    public static final int NO_LOAD = Integer.MAX_VALUE;

    static final long PARK_MIN_NS = 100_000L;
    static final long PARK_WARM_NS = 1_000_000L;
    static final long WARM_NS = TimeUnit.SECONDS.toNanos(1);
    static final int HEAT_MAX = 1_000;
    private static final int HEAT_HOT = 500;
    private static final long COOLING_NS = 1_000_000L;
    private static final int GAIN = 2;
    private static final int PARK_SHIFT_MAX = 9;
    private static final int WARM_SHIFT_MAX = 5;
    private static final long WARM_STEP_NS = WARM_NS / 8;
    private static final int YIELDS_MAX = 1;

    private final NanoClock clock;
    private final LongConsumer parker;
    private final RestGroup group;
    private final int loadFloor;
    private final int talkFloor;
    private volatile Thread resting;
    private boolean isWorking;
    private boolean isLoaded;
    private int heat;
    private int yields;
    private long cooledNs;
    private long loadedNs;

    /** For a duty cycle of its own, to which all work is load. */
    public RestingIdleStrategy() {
        this(1, 1, new RestGroup());
    }

    RestingIdleStrategy(final int loadFloor, final int talkFloor, final RestGroup group) {
        this(loadFloor, talkFloor, group, System::nanoTime, LockSupport::parkNanos);
    }

    RestingIdleStrategy(
            final int loadFloor,
            final int talkFloor,
            final RestGroup group,
            final NanoClock clock,
            final LongConsumer parker) {
        this.loadFloor = loadFloor;
        this.talkFloor = talkFloor;
        this.group = group;
        this.clock = clock;
        this.parker = parker;
        this.cooledNs = clock.nanoTime();
        this.loadedNs = cooledNs - 2 * WARM_NS;
    }

    @Override
    public void idle(final int workCount) {
        if (workCount <= 0) {
            idle();
            return;
        }
        resting = null;
        if (!isWorking) {
            isWorking = true;
            cool(clock.nanoTime());
        }
        yields = 0;
        if (workCount >= talkFloor) {
            heat = Math.min(HEAT_MAX, heat + GAIN);
            isLoaded |= workCount >= loadFloor;
            group.wakeOthers(this);
        }
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // a yield only shortens the wait, nothing depends on it
    public void idle() {
        final long nowNs = clock.nanoTime();
        if (isWorking) {
            isWorking = false;
            cooledNs = nowNs; // time spent working does not cool
            loadedNs = isLoaded ? nowNs : loadedNs;
            isLoaded = false;
        } else {
            cool(nowNs);
        }
        if (heat >= HEAT_HOT && yields < YIELDS_MAX) {
            yields++;
            Thread.yield();
            return;
        }
        final long parkNs = parkNs();
        if (parkNs > PARK_WARM_NS && resting == null) {
            resting = Thread.currentThread(); // and one more look at the work before it parks
            return;
        }
        parker.accept(parkNs);
        resting = null;
    }

    /** Ends a long park. Any thread. */
    void wake() {
        final Thread thread = resting;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /** Forgets the load: the next wait is the longest. */
    @Override
    public void reset() {
        heat = 0;
        isWorking = false;
        isLoaded = false;
        loadedNs = clock.nanoTime() - 2 * WARM_NS;
        yields = 0;
        resting = null;
    }

    @Override
    public String alias() {
        return "resting";
    }

    long parkNs() {
        final int coldness = Math.max(0, HEAT_HOT - heat);
        final long byHeat = PARK_MIN_NS << (coldness * PARK_SHIFT_MAX / HEAT_HOT);
        final long sinceWarmNs = Math.max(0, cooledNs - loadedNs - WARM_NS);
        final long byLoad = PARK_WARM_NS << Math.min(WARM_SHIFT_MAX, sinceWarmNs / WARM_STEP_NS);
        return Math.min(PARK_MAX_NS, Math.min(byHeat, byLoad));
    }

    private void cool(final long nowNs) {
        final long lost = (nowNs - cooledNs) / COOLING_NS;
        if (lost > 0) {
            heat = (int) Math.max(0, heat - lost);
            cooledNs += lost * COOLING_NS;
        }
    }
}
