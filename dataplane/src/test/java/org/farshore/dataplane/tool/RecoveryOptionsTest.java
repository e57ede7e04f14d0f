package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecoveryOptionsTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final ZoneId ZONE = ZoneId.of("Europe/Warsaw");

    private static RecoveryOptions parse(final String line) {
        return RecoveryOptions.parse(List.of(line.split(" ")), NOW, ZONE);
    }

    @ParameterizedTest
    @CsvSource({
        "points, points",
        "view list, view-list",
        "failover status, failover-status",
        "failover cancel --yes, failover-cancel",
        "commit --yes, commit",
        "retention, retention",
        "retention give-up --yes, retention-give-up"
    })
    void wordsBecomeAVerb(final String line, final String verb) {
        assertThat(parse(line).request().verb()).isEqualTo(verb);
        assertThat(parse(line).request().arguments()).isEmpty();
    }

    @Test
    void optionsAndOperandsBecomeArguments() {
        final RecoveryOptions options =
                parse("view open --volumes a,b --point=812 --machine 4f --json --data /tmp/x/../target");
        assertThat(options.request().arguments())
                .isEqualTo(Map.of("volumes", "a,b", "point", "sequence=812", "machine", "4f"));
        assertThat(options.json()).isTrue();
        assertThat(options.dataDirectory()).isEqualTo(Path.of("/tmp/target"));
        assertThat(parse("view close 3f").request().arguments()).isEqualTo(Map.of("view", "3f"));
        assertThat(parse("failover --yes").request().arguments()).isEqualTo(Map.of("point", "latest"));
        assertThat(parse("retention set --window 36h").request().arguments())
                .isEqualTo(Map.of("windowMs", "129600000"));
        assertThat(parse("retention pin before").request().arguments())
                .isEqualTo(Map.of("name", "before", "point", "latest"));
    }

    @ParameterizedTest
    @CsvSource({
        "latest, latest",
        "latest-application, latest-application",
        "17, sequence=17",
        "label=nightly, label=nightly",
        "2026-11-21T08:00:05Z, time=1795248005000000000",
        "2026-11-21T09:00:05, time=1795248005000000000",
        "2026-11-21 09:00:05, time=1795248005000000000",
        "09:00:05.25, time=1795248005250000000",
        "90s ago, time=1795262310000000000",
        "time=2h ago, time=1795255200000000000"
    })
    void aPointIsWrittenAsPeopleDo(final String text, final String expected) {
        assertThat(PointText.parse(text, NOW, ZONE)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"yesterday", "", "25:00", "time=", "sequence=x", "-1", "2026-13-01T00:00:00"})
    void whatIsNoPointIsRefused(final String text) {
        assertThatThrownBy(() -> PointText.parse(text, NOW, ZONE)).hasMessageContaining("is no point");
    }

    @ParameterizedTest
    @CsvSource({
        "nonsense, there is no command nonsense",
        "points --nonsense 1, unknown option --nonsense",
        "points --last, --last wants a value",
        "points more, is too much",
        "failover, the source will be refused",
        "commit, there is no way back",
        "failover cancel, will be lost",
        "retention set, --window is wanted",
        "retention set --window soon, is no length of time"
    })
    void mistakesAreUsageErrorsWithAHint(final String line, final String complaint) {
        assertThatThrownBy(() -> parse(line))
                .isInstanceOfSatisfying(
                        FarshoreException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
                .hasMessageContaining(complaint);
    }

    @Test
    void theDataDirectoryIsFoundInTheSettings(@TempDir final Path directory) throws IOException {
        final Path config = Files.writeString(
                directory.resolve("t.properties"), "farshore.master-target.data.directory=/srv/target\n");
        assertThat(parse("points --config " + config).dataDirectory()).isEqualTo(Path.of("/srv/target"));
        assertThatThrownBy(() -> parse("points --config /none")).hasMessageContaining("cannot read the settings");
    }

    @ParameterizedTest
    @ValueSource(strings = {"points", "view", "test-failover", "failover", "commit", "retention"})
    void everyCommandHasHelp(final String command) {
        assertThat(parse(command + " --help").help()).isTrue();
        assertThat(RecoveryHelp.of(command))
                .startsWith("Usage: farshore " + command)
                .contains("--json");
    }
}
