package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the machine's own commands, each with a time limit and with what it printed kept for the complaint. */
public final class Shell {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    /** What a command left behind. */
    public record Result(String command, int exitCode, String output, String errors) {
        public Result mustSucceed() {
            if (exitCode != 0) {
                throw new AssertionError(command + " ended with " + exitCode + "\n" + output + errors);
            }
            return this;
        }
    }

    private Shell() {}

    /** Runs a command to its end and returns what it printed on standard output, without surrounding blanks. */
    public static String must(final String... command) {
        return run(LIMIT, Map.of(), List.of(command)).mustSucceed().output().strip();
    }

    /** Runs a script by {@code bash -euc}. */
    public static String script(final String script) {
        return must("bash", "-euo", "pipefail", "-c", script);
    }

    /** Runs a command to its end, however it ends. */
    public static Result attempt(final String... command) {
        return run(LIMIT, Map.of(), List.of(command));
    }

    /** Runs a script by {@code bash -c}, however it ends. */
    public static Result attemptScript(final String script) {
        return attempt("bash", "-c", script);
    }

    /** Runs a command to its end, however it ends, with more environment, and kills it at the time limit. */
    public static Result run(final Duration limit, final Map<String, String> environment, final List<String> command) {
        try {
            final Path out = Files.createTempFile("farshore-out", ".txt");
            final Path err = Files.createTempFile("farshore-err", ".txt");
            try {
                final ProcessBuilder builder = new ProcessBuilder(command)
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of("/dev/null").toFile()))
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile());
                builder.environment().putAll(environment);
                final Process process = builder.start();
                final boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
                if (!ended) {
                    endTree(process);
                }
                final String text = String.join(" ", command);
                final Result result = new Result(
                        text,
                        ended ? process.exitValue() : -1,
                        Files.readString(out, StandardCharsets.UTF_8),
                        Files.readString(err, StandardCharsets.UTF_8) + (ended ? "" : "\n(ended after " + limit + ")"));
                return result;
            } finally {
                Files.deleteIfExists(out);
                Files.deleteIfExists(err);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted in " + command, e);
        }
    }

    /** True when the shell finds the command. */
    public static boolean has(final String command) {
        return attempt("bash", "-c", "PATH=$PATH:/usr/sbin:/sbin command -v " + command)
                        .exitCode()
                == 0;
    }

    /** SIGKILL to a process that we started and to all that it started. */
    static void endTree(final Process process) throws InterruptedException {
        final List<ProcessHandle> tree = java.util.stream.Stream.concat(
                        process.descendants(), java.util.stream.Stream.of(process.toHandle()))
                .toList();
        tree.forEach(ProcessHandle::destroyForcibly);
        process.waitFor(10, TimeUnit.SECONDS);
    }
}
