package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommandsTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void shouldReturnWhatACommandPrintedAndEndedWith() {
        final Commands.Result result = Commands.run(LIMIT, List.of("sh", "-c", "cat; echo err >&2; exit 3"), "in\n");

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.output()).contains("in").contains("err");
    }

    @Test
    void shouldSayWhichCommandFailedAndWhatItPrinted() {
        assertThatThrownBy(() -> Commands.must(LIMIT, "sh", "-c", "echo broken; exit 9"))
                .hasMessageContaining("ended with 9")
                .hasMessageContaining("broken");
    }

    @Test
    void shouldKillACommandThatDoesNotEnd() {
        assertThatThrownBy(() -> Commands.run(Duration.ofMillis(200), List.of("sleep", "60")))
                .hasMessageContaining("sleep 60 did not end");
    }

    @Test
    void shouldSayThatACommandIsNotInstalled() {
        assertThatThrownBy(() -> Commands.run(LIMIT, List.of("farshore-no-such-command")))
                .hasMessageContaining("is not installed");
    }
}
