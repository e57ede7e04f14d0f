package org.farshore.tests.simulation;

import java.util.function.LongSupplier;
import org.farshore.dataplane.runtime.Clocks;

/**
 * The process of one role: whether it lives, when it runs again, and where it dies. Each effect that it has on the world
 * (a message sent, a disk operation, a pinned bit) is counted, so that a kill strikes between any two of them, in the middle
 * of a duty cycle too.
 */
final class Node implements Clocks {
    static final int AGENT = 0;
    static final int RELAY = 1;
    static final int TARGET = 2;

    private static final String[] NAMES = {"agent", "process server", "master target"};
    private static final long EPOCH_NS = 1_700_000_000_000_000_000L;

    private final int index;
    private final VirtualTime time;
    private final LongSupplier monotonic;
    private long wallJumpNs;
    private long downNs = -1;
    private boolean isAlive;
    private int life;
    private long effects;
    private long killAtEffect = Long.MAX_VALUE;
    private long pausedUntilNs;
    private long startsAtNs;
    private String lastEnd = "";

    /**
     * @param monotonic the machine's clock that never goes back.
     */
    Node(final int index, final LongSupplier monotonic, final VirtualTime time) {
        this.index = index;
        this.monotonic = monotonic;
        this.time = time;
    }

    int index() {
        return index;
    }

    String name() {
        return NAMES[index];
    }

    boolean isAlive() {
        return isAlive;
    }

    /** Counts the lives. */
    int life() {
        return life;
    }

    /** A new process. */
    void begin() {
        isAlive = true;
        life++;
        killAtEffect = Long.MAX_VALUE;
    }

    /** The process is no more; it starts again after a while, or after what {@link #downNs} said. */
    void end(final String reason, final long restartNs) {
        isAlive = false;
        lastEnd = reason;
        killAtEffect = Long.MAX_VALUE;
        startsAtNs = time.nowNs() + (downNs < 0 ? restartNs : downNs);
        downNs = -1;
    }

    /** How long it stays away the next time it dies. */
    void downNs(final long ns) {
        downNs = ns;
    }

    /** A process that is dead starts then, and not before. */
    void startsAtNs(final long ns) {
        startsAtNs = ns;
    }

    String lastEnd() {
        return lastEnd;
    }

    /** Called before each effect on the world: the process may die here, and then the effect does not happen. */
    void effect() {
        effects++;
        if (effects >= killAtEffect) {
            killAtEffect = Long.MAX_VALUE;
            throw new Killed();
        }
    }

    /** The process dies before its n-th next effect; 1 is the very next. */
    void killAtNextEffect(final long n) {
        killAtEffect = effects + n;
    }

    void spare() {
        killAtEffect = Long.MAX_VALUE;
    }

    void pause(final long durationNs) {
        pausedUntilNs = Math.max(pausedUntilNs, time.nowNs() + durationNs);
    }

    void resume() {
        pausedUntilNs = 0;
    }

    long pausedUntilNs() {
        return pausedUntilNs;
    }

    long startsAtNs() {
        return startsAtNs;
    }

    void jumpWallClock(final long ns) {
        wallJumpNs += ns;
    }

    @Override
    public long nanoTime() {
        return monotonic.getAsLong();
    }

    @Override
    public long epochNanos() {
        return EPOCH_NS + time.nowNs() + wallJumpNs;
    }
}
