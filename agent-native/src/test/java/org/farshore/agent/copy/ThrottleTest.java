package org.farshore.agent.copy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThrottleTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int CHUNK = 1 << 20;

    @Test
    void readsAsMuchAsTheRateAllowsAndNoMoreThanAQuarterSecondAhead() {
        final Throttle throttle = new Throttle(10 * CHUNK, 0);
        long read = 0;
        for (long nowNs = 60 * SECOND_NS; nowNs < 70 * SECOND_NS; nowNs += 1_000_000) {
            while (throttle.mayRead(nowNs)) {
                throttle.onRead(CHUNK);
                read += CHUNK;
            }
        }
        assertThat(read).isBetween(100L * CHUNK, 104L * CHUNK);
    }

    @Test
    void holdsNothingBackWithoutARate() {
        final Throttle throttle = new Throttle(0, 0);
        for (int i = 0; i < 10_000; i++) {
            throttle.onRead(CHUNK);
            assertThat(throttle.mayRead(0)).isTrue();
        }
    }
}
