package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class RestingIdleStrategyTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private long nowNs;
    private long parks;
    private long parkedNs;
    private final RestingIdleStrategy idle =
            new RestingIdleStrategy(RestingIdleStrategy.NO_LOAD, 1, new RestGroup(), () -> nowNs, this::park);

    private void park(final long ns) {
        parks++;
        parkedNs += ns;
        nowNs += ns;
    }

    @Test
    void parksTwentyMillisecondsWithoutAnyWork() {
        idle.idle(0); // says that it rests, and looks once more
        assertThat(parks).isZero();
        idle.idle(0);

        assertThat(parkedNs).isEqualTo(RestingIdleStrategy.PARK_MAX_NS);
    }

    @Test
    void parksShortlyUnderLoad() {
        workFor(500);
        for (int i = 0; i < 2; i++) {
            idle.idle(0);
        }

        assertThat(parks).isEqualTo(1);
        assertThat(parkedNs).isEqualTo(RestingIdleStrategy.PARK_MIN_NS);
    }

    @Test
    void restsFullyAboutASecondAfterTheLastWork() {
        workFor(500);
        final long loadEndedNs = nowNs;
        while (idle.parkNs() < RestingIdleStrategy.PARK_MAX_NS) {
            nowNs += 1_000; // a duty cycle
            idle.idle(0);
        }

        assertThat(nowNs - loadEndedNs).isBetween(SECOND_NS / 2, SECOND_NS * 3 / 2);
    }

    @Test
    void heartbeatsDoNotKeepItHot() {
        workFor(500);
        runHeartbeatsFor(2 * SECOND_NS);
        parks = 0;
        runHeartbeatsFor(10 * SECOND_NS);

        assertThat(parks).as("wake-ups in 10 s with 60 heartbeats a second").isLessThan(2_000);
    }

    @Test
    void warmsUpWhenEachParkBringsABurst() {
        for (int i = 0; i < 20; i++) {
            idle.idle(0);
            workFor(32);
        }

        assertThat(idle.parkNs()).isEqualTo(RestingIdleStrategy.PARK_MIN_NS);
    }

    @Test
    void talkDoesNotWarm() {
        final RestingIdleStrategy driverIdle = newDriverIdle();
        for (int i = 0; i < 1_000; i++) {
            driverIdle.idle(32);
        }
        driverIdle.idle(0);

        assertThat(driverIdle.parkNs()).isEqualTo(RestingIdleStrategy.PARK_MAX_NS);
    }

    @Test
    void oneCycleOfLoadKeepsParksShortForASecond() {
        final RestingIdleStrategy driverIdle = newDriverIdle();
        driverIdle.idle(512);
        final long loadEndedNs = nowNs;
        driverIdle.idle(0);
        while (driverIdle.parkNs() <= RestingIdleStrategy.PARK_WARM_NS) {
            driverIdle.idle(0);
        }
        assertThat(nowNs - loadEndedNs).isBetween(SECOND_NS, SECOND_NS * 5 / 4);

        while (driverIdle.parkNs() < RestingIdleStrategy.PARK_MAX_NS) {
            driverIdle.idle(0);
        }
        assertThat(nowNs - loadEndedNs).isLessThan(2 * SECOND_NS);
    }

    /** A thread that looks for work in vain parks for good; work given in between any two of its steps must end that. */
    @Test
    @Timeout(60)
    void whoHasWorkWakesWhoRests() throws InterruptedException {
        final RestGroup group = new RestGroup();
        final RestingIdleStrategy worker = group.newStrategy(RestingIdleStrategy.NO_LOAD, 1);
        final RestingIdleStrategy sleeper = new RestingIdleStrategy(
                RestingIdleStrategy.NO_LOAD, 1, group, System::nanoTime, ns -> LockSupport.park());
        group.add(sleeper);
        for (int i = 0; i < 1_000; i++) {
            final AtomicBoolean work = new AtomicBoolean();
            final Thread thread = new Thread(() -> {
                while (!work.getAcquire()) {
                    sleeper.idle(0);
                }
                sleeper.reset();
            });
            thread.start();
            work.setRelease(true);
            worker.idle(1);
            thread.join();
        }
    }

    @Test
    void timeSpentWorkingDoesNotCool() {
        workFor(500);
        nowNs += 10 * SECOND_NS;
        idle.idle(1);
        idle.idle(0);

        assertThat(idle.parkNs()).isEqualTo(RestingIdleStrategy.PARK_MIN_NS);
    }

    private RestingIdleStrategy newDriverIdle() {
        return new RestingIdleStrategy(256, 64, new RestGroup(), () -> nowNs, this::park);
    }

    private void workFor(final int cycles) {
        for (int i = 0; i < cycles; i++) {
            idle.idle(1);
        }
    }

    /** 60 independent heartbeats a second, each one cycle of work when the thread next looks. */
    private void runHeartbeatsFor(final long durationNs) {
        final long endNs = nowNs + durationNs;
        long nextHeartbeatNs = nowNs;
        while (nowNs < endNs) {
            nowNs += 2_000;
            if (nowNs >= nextHeartbeatNs) {
                nextHeartbeatNs = Math.max(nextHeartbeatNs + SECOND_NS / 60, nowNs);
                idle.idle(1);
            } else {
                idle.idle(0);
            }
        }
    }
}
