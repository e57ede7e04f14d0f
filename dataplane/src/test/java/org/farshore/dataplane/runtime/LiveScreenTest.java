package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LiveScreenTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    @Test
    void shouldPrintPlainLinesWhenItIsNoTerminal() {
        final LiveScreen screen = new LiveScreen(out, false);
        screen.draw(List.of("one", "two"));
        screen.note("three");
        screen.clear();

        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("one\ntwo\nthree\n");
    }

    @Test
    void shouldGoBackOverWhatItDrew() {
        final LiveScreen screen = new LiveScreen(out, true);
        screen.draw(List.of("one", "two"));
        bytes.reset();
        screen.draw(List.of("three"));

        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .startsWith("\u001b[2A")
                .contains("three")
                .endsWith("\u001b[J");
    }

    @Test
    void shouldCutByVisibleCharacters() {
        assertThat(LiveScreen.cut("\u001b[32mgreen\u001b[0m grass", 7)).isEqualTo("\u001b[32mgreen\u001b[0m g");
        assertThat(LiveScreen.cut("short", 80)).isEqualTo("short");
    }
}
