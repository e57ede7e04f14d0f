package org.farshore.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Shell;

/** How a process ended that was not let in: its exit code and the one line that says why. */
record Refusal(int exitCode, String line, String all) {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Starts a role by the launcher with these settings and waits for its end. */
    static Refusal ofRole(final Path directory, final String role, final String... settings) {
        return ofRole(List.of(), directory, role, settings);
    }

    /** The same behind other words, such as {@code setpriv ...}. */
    static Refusal ofRole(
            final List<String> prefix, final Path directory, final String role, final String... settings) {
        final Path file = directory.resolve(role + ".properties");
        try {
            Files.writeString(file, String.join("\n", settings) + "\n", StandardCharsets.UTF_8);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        final List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(FarshoreLab.launcher().toString(), role, "--config", file.toString()));
        return of(Shell.run(LIMIT, Map.of(), command));
    }

    private static Refusal of(final Shell.Result result) {
        final String all = result.output() + result.errors();
        final List<String> lines =
                all.lines().filter(line -> line.contains("state=refused")).toList();
        assertThat(lines).as("one line says why: " + all).hasSize(1);
        assertThat(all).as("no stack trace").doesNotContain("\tat ");
        return new Refusal(result.exitCode(), lines.get(0), all);
    }

    /** Asserts exit code and what the line must name. */
    void is(final ExitCode code, final String... parts) {
        assertThat(exitCode).as(all).isEqualTo(code.code());
        assertThat(line).contains("exit=" + code.code()).contains(parts);
        System.out.println("refused: " + line.substring(line.indexOf("role=")));
    }
}
