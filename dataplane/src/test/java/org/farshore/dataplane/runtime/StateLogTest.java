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
}
