package org.farshore.dataplane.tool;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.farshore.dataplane.codecs.control.ValueKind;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandClient;
import org.farshore.dataplane.runtime.HumanText;
import org.farshore.dataplane.runtime.LiveScreen;

/**
 * Takes the answer to a command: a table for people, one JSON object for programs. Progress goes to another stream, drawn over
 * itself on a terminal, else one line for each stage.
 */
final class AnswerPrinter implements CommandClient.Listener {
    private static final int BAR_WIDTH = 30;
    private static final double NS_PER_S = 1e9;

    private final boolean json;
    private final PrintStream out;
    private final LiveScreen screen;
    private final List<List<Cell>> rows = new ArrayList<>();
    private String stage = "";
    private long stageBeganNs;
    private long stageBeganDone;

    AnswerPrinter(final boolean json, final PrintStream out, final LiveScreen screen) {
        this.json = json;
        this.out = out;
        this.screen = screen;
    }

    @Override
    public void onRow(final List<Cell> cells) {
        rows.add(cells);
    }

    @Override
    public void onProgress(final String newStage, final long done, final long total, final boolean inBytes) {
        final boolean isNew = !newStage.equals(stage);
        if (isNew) {
            stage = newStage;
            stageBeganNs = System.nanoTime();
            stageBeganDone = done;
        }
        if (screen.terminal()) {
            screen.draw(List.of(progress(done, total, inBytes)));
        } else if (isNew) {
            screen.note(stage);
        }
    }

    private String progress(final long done, final long total, final boolean inBytes) {
        if (total <= 0) {
            return stage;
        }
        final double seconds = (System.nanoTime() - stageBeganNs) / NS_PER_S;
        final double rate = seconds > 0 ? (done - stageBeganDone) / seconds : 0;
        final String left =
                rate > 0 ? ", " + HumanText.durationMs((long) ((total - done) / rate * 1000)) + " left" : "";
        final String amount = inBytes
                ? HumanText.bytes(done) + " of " + HumanText.bytes(total) + ", " + HumanText.bytes((long) rate) + "/s"
                : done + " of " + total;
        final double fraction = (double) done / total;
        return HumanText.bar(fraction, BAR_WIDTH) + " " + HumanText.percent(fraction) + "  " + stage + "  " + amount
                + left;
    }

    /** Prints everything. */
    void finish(final CommandClient.Outcome outcome) {
        screen.clear();
        if (json) {
            printJson(outcome);
            return;
        }
        printTable();
        if (!outcome.message().isEmpty() && outcome.exitCode() == 0) {
            out.println(outcome.message());
        }
    }

    private void printJson(final CommandClient.Outcome outcome) {
        final List<Object> list = new ArrayList<>();
        for (final List<Cell> row : rows) {
            final Map<String, Object> object = new LinkedHashMap<>();
            row.forEach(cell -> object.put(cell.name(), cell.forPrograms()));
            list.add(object);
        }
        final Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("exitCode", outcome.exitCode());
        answer.put("message", outcome.message());
        answer.put("rows", list);
        out.println(JsonText.of(answer));
    }

    private void printTable() {
        if (rows.isEmpty()) {
            return;
        }
        final List<List<String>> lines = new ArrayList<>();
        lines.add(rows.get(0).stream().map(cell -> heading(cell.name())).toList());
        for (final List<Cell> row : rows) {
            lines.add(row.stream().map(Cell::forPeople).toList());
        }
        final int columns = lines.get(0).size();
        final int[] widths = new int[columns];
        final boolean[] used = new boolean[columns];
        for (int i = 0; i < lines.size(); i++) {
            for (int column = 0; column < columns; column++) {
                final String text = lines.get(i).get(column);
                widths[column] = Math.max(widths[column], text.length());
                used[column] |=
                        i > 0 && !text.isEmpty() && !isNothing(rows.get(i - 1).get(column));
            }
        }
        for (final List<String> line : lines) {
            final StringBuilder text = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                if (used[column]) {
                    text.append(line.get(column))
                            .append(" ".repeat(widths[column] - line.get(column).length() + 2));
                }
            }
            out.println(text.toString().stripTrailing());
        }
    }

    /** No bytes done of none: not worth a column. */
    private static boolean isNothing(final Cell cell) {
        return cell.kind() == ValueKind.BYTES && cell.number() == 0;
    }

    private static String heading(final String name) {
        return (name.endsWith("Ms") ? name.substring(0, name.length() - 2) : name).toUpperCase(Locale.ROOT);
    }
}
