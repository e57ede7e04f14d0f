package org.farshore.tests.lab;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandClient;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.command.CommandServer;
import org.farshore.dataplane.runtime.FarshoreException;

/** The operator's commands as a person types them, with {@code --json}: {@code farshore points}, {@code view} and so on. */
public final class RecoveryCli {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final FarshoreLab lab;
    private final Path data;

    /** How a command ended. */
    public record Answer(int exitCode, String message, List<JsonObject> rows) {
        /** The only row. */
        public JsonObject row() {
            if (rows.size() != 1) {
                throw new AssertionError(rows.size() + " rows: " + rows + " " + message);
            }
            return rows.get(0);
        }
    }

    /** Listens to nothing. */
    public static class Silence implements CommandClient.Listener {
        @Override
        public void onRow(final List<Cell> cells) {
            // Nobody asks.
        }

        @Override
        public void onProgress(final String stage, final long done, final long total, final boolean inBytes) {
            // Nobody asks.
        }
    }

    public RecoveryCli(final FarshoreLab lab) {
        this(lab, lab.directory().resolve(Role.MASTER_TARGET.verb()));
    }

    /** Of a master target whose data directory lies elsewhere. */
    public RecoveryCli(final FarshoreLab lab, final Path data) {
        this.lab = lab;
        this.data = data;
    }

    /** Runs a command that must succeed. */
    public Answer must(final String... words) {
        final Answer answer = attempt(words);
        if (answer.exitCode != 0) {
            throw new AssertionError("farshore " + String.join(" ", words) + " ended with " + answer.exitCode + ": "
                    + answer.message + "\n" + lab.state());
        }
        return answer;
    }

    /** Runs a command, however it ends. */
    public Answer attempt(final String... words) {
        final List<String> command = new ArrayList<>();
        command.add(FarshoreLab.launcher().toString());
        command.addAll(List.of(words));
        command.addAll(List.of("--json", "--data", data.toString()));
        final Shell.Result result = Shell.run(LIMIT, Map.of(), command);
        if (result.output().isBlank()) {
            return new Answer(result.exitCode(), result.errors(), List.of());
        }
        final JsonObject json = JsonParser.parseString(result.output()).getAsJsonObject();
        final List<JsonObject> rows = new ArrayList<>();
        for (final JsonElement row : json.getAsJsonArray("rows")) {
            rows.add(row.getAsJsonObject());
        }
        return new Answer(result.exitCode(), json.get("message").getAsString(), rows);
    }

    /**
     * The same without a process for each command, for those that are given again and again: by the role's socket.
     *
     * @param arguments names and values, such as {@code "point", "sequence=7"}.
     */
    public Answer call(final String verb, final String... arguments) {
        final Map<String, String> named = new LinkedHashMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            named.put(arguments[i], arguments[i + 1]);
        }
        final List<JsonObject> rows = new ArrayList<>();
        try (CommandClient client = CommandClient.connect(socket())) {
            final CommandClient.Outcome outcome = client.call(new CommandRequest(verb, named), new Silence() {
                @Override
                public void onRow(final List<Cell> cells) {
                    rows.add(json(cells));
                }
            });
            return new Answer(outcome.exitCode(), outcome.message(), rows);
        }
    }

    private static JsonObject json(final List<Cell> cells) {
        final JsonObject row = new JsonObject();
        for (final Cell cell : cells) {
            row.addProperty(cell.name(), cell.forPrograms().toString());
        }
        return row;
    }

    private Path socket() {
        return lab.directory().resolve(Role.MASTER_TARGET.verb()).resolve(CommandServer.NAME);
    }

    /** Starts the master target and waits until it takes commands: views and streams are recovered then. */
    public void startTarget() {
        lab.start(Role.MASTER_TARGET).awaitUp(LIMIT);
        Await.until("the master target takes commands", LIMIT, this::isAnswering, lab::state);
    }

    private boolean isAnswering() {
        try {
            return call("view-list").exitCode() == 0;
        } catch (final FarshoreException e) {
            return false;
        }
    }

    /** Sequence of a point that was cut after everything written before this call. */
    public long pointOfNow() {
        lab.awaitDurable(LIMIT);
        return newestPoint();
    }

    /** Sequence of the newest point. */
    public long newestPoint() {
        return must("points", "--last", "1").row().get("sequence").getAsLong();
    }
}
