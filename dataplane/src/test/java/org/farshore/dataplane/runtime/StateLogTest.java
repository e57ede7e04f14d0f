package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StateLogTest {
    @Test
    void writesPairsOnOneLine() {
        assertThat(StateLog.format("role", "agent", "state", "running", "pid", 7L))
                .isEqualTo("role=agent state=running pid=7");
    }

    @Test
    void quotesWhatWouldBreakTheLine() {
        assertThat(StateLog.format("reason", "no \"room\"\nleft", "text", "", "cause", null))
                .isEqualTo("reason=\"no \\\"room\\\" left\" text=\"\" cause=null");
    }

    @Test
    void leavesOutLinesOfABoundedLogThatComeTooFastAndSaysHowMany() {
        final StateLog log = StateLog.bounded(StateLogTest.class);
        for (int i = 0; i < StateLog.LINES_PER_WINDOW; i++) {
            assertThat(log.admit(5)).isZero();
        }
        assertThat(log.admit(6)).isEqualTo(-1);
        assertThat(log.admit(7)).isEqualTo(-1);
        assertThat(log.admit(10_000_000_005L)).isEqualTo(2);
        assertThat(log.admit(10_000_000_006L)).isZero();
    }
}
