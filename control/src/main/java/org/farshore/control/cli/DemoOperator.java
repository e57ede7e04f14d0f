package org.farshore.control.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Gives the demo's master target the commands that an operator gives, by the same program. */
final class DemoOperator {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Path launcher;
    private final Path config;

    DemoOperator(final Path launcher, final Path config) {
        this.launcher = launcher;
        this.config = config;
    }

    /** Runs a command that must succeed; answers its first row. */
    JsonObject must(final String... words) {
        final List<String> command = new ArrayList<>();
        command.add(launcher.toString());
        command.addAll(List.of(words));
        command.addAll(List.of("--json", "--config", config.toString()));
        final String output = Commands.must(LIMIT, command, "");
        try {
            // The first line is the answer, also when something is said on standard error.
            final String json = output.substring(Math.max(0, output.indexOf('{')));
            return JsonParser.parseString(json.lines().findFirst().orElse("{}"))
                    .getAsJsonObject()
                    .getAsJsonArray("rows")
                    .get(0)
                    .getAsJsonObject();
        } catch (final JsonSyntaxException | IllegalStateException | NullPointerException e) {
            throw new CommandException("farshore " + String.join(" ", words) + " answered " + output.trim(), e);
        }
    }
}
