package org.farshore.dataplane.tool;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The command line of {@code farshore points}, {@code view}, {@code test-failover}, {@code failover}, {@code commit} and
 * {@code retention}.
 *
 * @param request what the role is asked for; null when help is wanted.
 * @param dataDirectory of the master target.
 */
record RecoveryOptions(CommandRequest request, Path dataDirectory, boolean json, boolean help) {
    private static final Path DATA_DIRECTORY_DEFAULT = Path.of("/var/lib/farshore/master-target");
    private static final String DATA_DIRECTORY_KEY = "farshore.master-target.data.directory";

    /** What each command wants: words of the command, verb, options, then what stands without a name. */
    private record Form(String verb, Set<String> options, List<String> operands, boolean isGrave) {}

    private static final Map<String, Form> FORMS = Map.ofEntries(
            form("points", "points", Set.of("machine", "volumes", "last"), false),
            form("view open", "view-open", Set.of("machine", "volumes", "point"), false),
            form("view list", "view-list", Set.of("machine"), false),
            form("view close", "view-close", Set.of(), false, "view"),
            form("test-failover start", "test-failover-start", Set.of("machine", "point"), false),
            form("test-failover cleanup", "test-failover-cleanup", Set.of(), false, "view"),
            form("failover", "failover", Set.of("machine", "point"), true),
            form("failover status", "failover-status", Set.of("machine"), false),
            form("failover change-point", "failover-change-point", Set.of("machine", "point"), true),
            form("failover cancel", "failover-cancel", Set.of("machine"), true),
            form("commit", "commit", Set.of("machine"), true),
            form("retention", "retention", Set.of("machine"), false),
            form("retention set", "retention-set", Set.of("machine", "window"), false),
            form("retention pin", "retention-pin", Set.of("machine", "point"), false, "name"),
            form("retention unpin", "retention-unpin", Set.of("machine"), false, "name"),
            form("retention give-up", "retention-give-up", Set.of("machine"), true));

    private static Map.Entry<String, Form> form(
            final String words,
            final String verb,
            final Set<String> options,
            final boolean isGrave,
            final String... operands) {
        return Map.entry(words, new Form(verb, options, List.of(operands), isGrave));
    }

    /**
     * Reads the arguments, the command's own words first.
     *
     * @param now and
     * @param zone what a time is meant in.
     * @throws FarshoreException USAGE, with a hint, when they make no sense.
     */
    static RecoveryOptions parse(final List<String> arguments, final Instant now, final ZoneId zone) {
        if (arguments.isEmpty() || arguments.contains("--help") || arguments.contains("-h")) {
            return new RecoveryOptions(null, DATA_DIRECTORY_DEFAULT, false, true);
        }
        final boolean isPair = arguments.size() > 1 && FORMS.containsKey(arguments.get(0) + " " + arguments.get(1));
        final String words = isPair ? arguments.get(0) + " " + arguments.get(1) : arguments.get(0);
        final Form form = FORMS.get(words);
        if (form == null) {
            throw usage(arguments.get(0), "there is no command " + String.join(" ", arguments));
        }
        return new Parser(words, form, now, zone).parse(arguments.subList(isPair ? 2 : 1, arguments.size()));
    }

    private static FarshoreException usage(final String command, final String complaint) {
        return new FarshoreException(ExitCode.USAGE, complaint + "; see farshore " + command + " --help");
    }

    /** Takes one argument after the other. */
    private static final class Parser {
        private final String words;
        private final Form form;
        private final Instant now;
        private final ZoneId zone;
        private final Map<String, String> values = new LinkedHashMap<>();
        private final List<String> operands = new ArrayList<>();
        private Path dataDirectory = DATA_DIRECTORY_DEFAULT;
        private boolean json;
        private boolean yes;

        Parser(final String words, final Form form, final Instant now, final ZoneId zone) {
            this.words = words;
            this.form = form;
            this.now = now;
            this.zone = zone;
        }

        RecoveryOptions parse(final List<String> arguments) {
            for (int i = 0; i < arguments.size(); i++) {
                final String argument = arguments.get(i);
                if (!argument.startsWith("--")) {
                    operands.add(argument);
                    continue;
                }
                final int equals = argument.indexOf('=');
                final String option = argument.substring(2, equals < 0 ? argument.length() : equals);
                if (option.equals("json") || option.equals("yes")) {
                    json |= option.equals("json");
                    yes |= option.equals("yes");
                    continue;
                }
                if (equals < 0 && i + 1 == arguments.size()) {
                    throw usage("--" + option + " wants a value");
                }
                take(option, equals < 0 ? arguments.get(++i) : argument.substring(equals + 1));
            }
            return finish();
        }

        private void take(final String option, final String value) {
            switch (option) {
                case "data" -> dataDirectory = Path.of(value).toAbsolutePath().normalize();
                case "config" -> dataDirectory = dataDirectoryOf(Path.of(value));
                default -> {
                    if (!form.options.contains(option)) {
                        throw usage("unknown option --" + option);
                    }
                    switch (option) {
                        case "point" -> values.put("point", PointText.parse(value, now, zone));
                        case "window" -> values.put("windowMs", Long.toString(PointText.durationMs(value)));
                        default -> values.put(option, value);
                    }
                }
            }
        }

        private RecoveryOptions finish() {
            if (operands.size() > form.operands.size()) {
                throw usage("'" + operands.get(form.operands.size()) + "' is too much");
            }
            for (int i = 0; i < operands.size(); i++) {
                values.put(form.operands.get(i), operands.get(i));
            }
            if (form.options.contains("point")) {
                values.putIfAbsent("point", "latest");
            }
            if (form.options.contains("window") && !values.containsKey("windowMs")) {
                throw usage("--window is wanted");
            }
            if (form.isGrave && !yes) {
                throw usage(RecoveryHelp.grave(words) + ": add --yes");
            }
            return new RecoveryOptions(new CommandRequest(form.verb, values), dataDirectory, json, false);
        }

        private FarshoreException usage(final String complaint) {
            return RecoveryOptions.usage(words, complaint);
        }

        private static Path dataDirectoryOf(final Path config) {
            final Properties properties = new Properties();
            try (Reader reader = Files.newBufferedReader(config, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (final IOException | IllegalArgumentException e) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION, "cannot read the settings file " + config + ": " + e.getMessage(), e);
            }
            final String value = properties.getProperty(DATA_DIRECTORY_KEY);
            return value == null
                    ? DATA_DIRECTORY_DEFAULT
                    : Path.of(value.trim()).toAbsolutePath().normalize();
        }
    }
}
