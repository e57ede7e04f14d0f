package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RestingIdleStrategyTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private long nowNs;
    private long parks;
    private long parkedNs;
    private final RestingIdleStrategy idle = new RestingIdleStrategy(1, () -> nowNs, this::park);

    private void park(final long ns) {
        parks++;
        parkedNs += ns;
        nowNs += ns;
    }

    @Test
    void parksTwentyMillisecondsWithoutAnyWork() {
        idle.idle(0);

        assertThat(parkedNs).isEqualTo(RestingIdleStrategy.PARK_MAX_NS);
    }

    @Test
    void parksShortlyUnderLoad() {
        workFor(200);
        for (int i = 0; i < 11; i++) {
            idle.idle(0);
        }

        assertThat(parks).isEqualTo(1);
        assertThat(parkedNs).isEqualTo(RestingIdleStrategy.PARK_MIN_NS);
    }

    @Test
    void restsFullyAboutASecondAfterTheLastWork() {
        workFor(200);
        final long loadEndedNs = nowNs;
        while (idle.parkNs() < RestingIdleStrategy.PARK_MAX_NS) {
            nowNs += 1_000; // a duty cycle
            idle.idle(0);
        }

        assertThat(nowNs - loadEndedNs).isBetween(SECOND_NS / 2, SECOND_NS * 3 / 2);
    }

    @Test
    void heartbeatsDoNotKeepItHot() {
        workFor(200);
        runHeartbeatsFor(2 * SECOND_NS);
        parks = 0;
        runHeartbeatsFor(10 * SECOND_NS);

        assertThat(parks).as("wake-ups in 10 s with 60 heartbeats a second").isLessThan(2_000);
    }

    @Test
    void warmsUpWhenEachParkBringsABurst() {
        for (int i = 0; i < 10; i++) {
            idle.idle(0);
            workFor(16);
        }

        assertThat(idle.parkNs()).isEqualTo(RestingIdleStrategy.PARK_MIN_NS);
    }

    @Test
    void workBelowTheFloorWarmsLittle() {
        final RestingIdleStrategy driverIdle = new RestingIdleStrategy(256, () -> nowNs, this::park);
        for (int i = 0; i < 100; i++) {
            driverIdle.idle(32);
        }

        assertThat(driverIdle.parkNs()).isGreaterThan(100 * RestingIdleStrategy.PARK_MIN_NS);
    }

    @Test
    void timeSpentWorkingDoesNotCool() {
        workFor(200);
        nowNs += 10 * SECOND_NS;
        idle.idle(1);
        idle.idle(0);

        assertThat(idle.parkNs()).isEqualTo(RestingIdleStrategy.PARK_MIN_NS);
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
