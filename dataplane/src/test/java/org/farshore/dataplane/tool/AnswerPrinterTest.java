package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandClient.Outcome;
import org.farshore.dataplane.runtime.LiveScreen;
import org.junit.jupiter.api.Test;

class AnswerPrinterTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    private AnswerPrinter printer(final boolean json) {
        return new AnswerPrinter(
                json,
                new PrintStream(bytes, true, StandardCharsets.UTF_8),
                new LiveScreen(new PrintStream(progress, true, StandardCharsets.UTF_8), false));
    }

    private static void fill(final AnswerPrinter printer) {
        printer.onRow(List.of(Cell.count("sequence", 7), Cell.text("label", ""), Cell.durationMs("openMs", 12)));
        printer.onRow(List.of(Cell.count("sequence", 123), Cell.text("label", ""), Cell.durationMs("openMs", 3)));
    }

    @Test
    void peopleGetATableWithoutEmptyColumns() {
        final AnswerPrinter printer = printer(false);
        fill(printer);
        printer.finish(new Outcome(0, "2 older points are not shown"));
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualTo("SEQUENCE  OPEN\n7         12 ms\n123       3 ms\n2 older points are not shown\n");
    }

    @Test
    void programsGetOneObject() {
        final AnswerPrinter printer = printer(true);
        fill(printer);
        printer.finish(new Outcome(1, "because"));
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        "{\"exitCode\":1,\"message\":\"because\",\"rows\":["
                                + "{\"sequence\":7,\"label\":\"\",\"openMs\":12},{\"sequence\":123,\"label\":\"\",\"openMs\":3}]}\n");
    }

    @Test
    void withoutATerminalEachStageIsOneLine() {
        final AnswerPrinter printer = printer(false);
        for (int i = 0; i < 5; i++) {
            printer.onProgress("first", i, 5, true);
        }
        printer.onProgress("second", 0, 0, true);
        printer.finish(new Outcome(0, ""));
        assertThat(progress.toString(StandardCharsets.UTF_8)).isEqualTo("first\nsecond\n");
        assertThat(bytes.size()).isZero();
    }
}
