package org.farshore.control.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs the system's own commands. Each runs in a session of its own, so that Ctrl-C at the terminal reaches Farshore
 * alone, which then cleans up in order; each has a time in which it must end. Any thread.
 */
final class Commands {
    /** What a command printed (both streams) and ended with. */
    record Result(int exitCode, String output) {
        boolean ok() {
            return exitCode == 0;
        }
    }

    private static final List<String> SYSTEM_FOLDERS =
            List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");
    private static final int OUTPUT_QUOTED_MAX = 600;

    private Commands() {}

    /** Finds a command in PATH, and in the folders that an ordinary user's PATH leaves out. */
    static Optional<Path> find(final String name) {
        if (name.startsWith("/")) {
            return Optional.of(Path.of(name)).filter(Files::isExecutable);
        }
        final List<String> folders = new ArrayList<>();
        final String path = System.getenv("PATH");
        if (path != null && !path.isEmpty()) {
            folders.addAll(List.of(path.split(":")));
        }
        folders.addAll(SYSTEM_FOLDERS);
        for (final String folder : folders) {
            final Path candidate = Path.of(folder.isEmpty() ? "." : folder, name);
            if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /** Runs a command and returns what it printed; its exit code is the caller's to judge. */
    static Result run(final Duration limit, final List<String> command) {
        return run(limit, command, "");
    }

    /** Runs a command with a text as its input. */
    static Result run(final Duration limit, final List<String> command, final String input) {
        final Path output = temporaryFile();
        try {
            final Process process = start(command, ProcessBuilder.Redirect.to(output.toFile()));
            process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
            final boolean ended = await(process, limit);
            final String text = Files.readString(output, StandardCharsets.ISO_8859_1);
            if (!ended) {
                throw new CommandException(String.format(
                        Locale.ROOT,
                        "%s did not end within %d s%s",
                        String.join(" ", command),
                        limit.toSeconds(),
                        quoted(text)));
            }
            return new Result(process.exitValue(), text);
        } catch (final IOException e) {
            throw new CommandException(String.join(" ", command) + ": " + e.getMessage(), e);
        } finally {
            output.toFile().delete();
        }
    }

    /** Runs a command that must succeed; returns what it printed. */
    static String must(final Duration limit, final List<String> command, final String input) {
        final Result result = run(limit, command, input);
        if (!result.ok()) {
            throw new CommandException(
                    String.join(" ", command) + " ended with " + result.exitCode() + quoted(result.output()));
        }
        return result.output();
    }

    /** Runs a command that must succeed; returns what it printed. */
    static String must(final Duration limit, final String... command) {
        return must(limit, List.of(command), "");
    }

    /** Starts a command in a session of its own and leaves it running; its input is a pipe. */
    static Process start(final List<String> command, final ProcessBuilder.Redirect output) throws IOException {
        final List<String> line = new ArrayList<>();
        find("setsid").ifPresent(setsid -> line.add(setsid.toString()));
        line.add(find(command.get(0))
                .orElseThrow(() -> new CommandException(command.get(0) + " is not installed"))
                .toString());
        line.addAll(command.subList(1, command.size()));
        final ProcessBuilder builder =
                new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output);
        builder.environment().put("LC_ALL", "C");
        return builder.start();
    }

    /** Waits for the end; after {@code limit} the process is killed and the answer is false. */
    static boolean await(final Process process, final Duration limit) {
        boolean interrupted = false;
        final long deadlineNs = System.nanoTime() + limit.toNanos();
        try {
            while (true) {
                try {
                    final boolean ended = process.waitFor(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS);
                    if (!ended) {
                        process.destroyForcibly();
                    }
                    return ended;
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static String quoted(final String output) {
        final String text = output.trim();
        if (text.isEmpty()) {
            return "";
        }
        return ": " + text.substring(Math.max(0, text.length() - OUTPUT_QUOTED_MAX));
    }

    private static Path temporaryFile() {
        try {
            return Files.createTempFile("farshore-command", ".out");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
