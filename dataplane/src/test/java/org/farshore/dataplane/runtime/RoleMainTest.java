package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class RoleMainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private boolean started;

    private final RoleMain.Role role = new RoleMain.Role() {
        @Override
        public String name() {
            return "test";
        }

        @Override
        public String summary() {
            return "Stands for a role.";
        }

        @Override
        public void configure(final Settings settings) {
            settings.count("depth", 3, 1, 9);
        }

        @Override
        public void start(final RoleRunner runner) {
            started = true;
            runner.stop();
        }
    };

    private int run(final String... args) {
        return RoleMain.run(
                role,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
    }

    @Test
    void printsEffectiveSettingsAndStartsNothingOnCheck(@TempDir final Path directory) throws Exception {
        final Path file = Files.writeString(directory.resolve("test.properties"), "farshore.test.depth=5\n");

        assertThat(run("--config", file.toString(), "--check")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("farshore.test.depth=5");
        assertThat(started).isFalse();
    }

    @Test
    void refusesAnUnknownKeyWithTheCodeForBadConfiguration(@TempDir final Path directory) throws Exception {
        final Path file = Files.writeString(directory.resolve("test.properties"), "farshore.test.dept=5\n");

        assertThat(run("--config", file.toString())).isEqualTo(ExitCode.CONFIGURATION.code());
        assertThat(started).isFalse();
    }

    @Test
    void namesEveryExitCodeInHelp() {
        assertThat(run("--help")).isZero();
        for (final ExitCode code : ExitCode.values()) {
            assertThat(out.toString(StandardCharsets.UTF_8)).contains(code.code() + "  " + code.meaning());
        }
    }

    @Test
    void callsAnUnknownArgumentAUsageError() {
        assertThat(run("--frobnicate")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("--frobnicate");
    }

    @Test
    void runsUntilTheRoleEnds() {
        assertThat(run()).isZero();
        assertThat(started).isTrue();
    }
}
