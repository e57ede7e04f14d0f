package org.farshore.perf.rig;

import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;
import org.farshore.dataplane.runtime.RoleSampler;
import org.farshore.perf.probe.Probe;
import org.farshore.perf.probe.ProbedRole;
import org.farshore.perf.probe.RoleProbeSample;

/** One role process of the rig, started by the launcher's own script, and the pipe to the probe inside. */
final class RigRole implements AutoCloseable {
    private static final Gson GSON = new Gson();
    private static final long STOP_SECONDS = 10;
    private static final int LOG_TAIL_LINES = 15;

    private final String name;
    private final Path aeronDirectory;
    private final Path log;
    private final Process process;
    private final BufferedWriter commands;
    private final BufferedReader answers;

    private RigRole(final String name, final Path aeronDirectory, final Path log, final Process process) {
        this.name = name;
        this.aeronDirectory = aeronDirectory;
        this.log = log;
        this.process = process;
        commands = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.US_ASCII));
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    /**
     * Starts a role.
     *
     * @param kind of {@code run-role}: whose memory and compiler settings it gets.
     * @param settings complete keys and values.
     * @param javaOptions more options for its JVM, may be empty.
     */
    static RigRole start(
            final String name,
            final String kind,
            final String mainClass,
            final Map<String, String> settings,
            final Path directory,
            final Path aeronDirectory,
            final String javaOptions) {
        final StringBuilder text = new StringBuilder();
        new TreeMap<>(settings)
                .forEach((key, value) ->
                        text.append(key).append('=').append(value).append('\n'));
        final Path config = directory.resolve(name + ".properties");
        final Path log = directory.resolve(name + ".log");
        final Path launcher = Path.of(System.getenv("FARSHORE_HOME"), "appliance-image", "bin", "run-role");
        final ProcessBuilder builder = new ProcessBuilder(List.of(
                        launcher.toString(),
                        kind,
                        ProbedRole.class.getName(),
                        mainClass,
                        "--config",
                        config.toString()))
                .redirectError(log.toFile());
        builder.environment().merge("FARSHORE_JAVA_OPTS", javaOptions, (old, more) -> old + " " + more);
        try {
            Files.writeString(config, text);
            return new RigRole(name, aeronDirectory, log, builder.start());
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot start " + name, e);
        }
    }

    String name() {
        return name;
    }

    /** What the process has used so far. */
    RoleProbeSample sample() {
        return GSON.fromJson(ask("sample"), RoleProbeSample.class);
    }

    /** Hands a command to the probe and waits until it was taken. */
    void command(final String line) {
        ask(line);
    }

    private String ask(final String line) {
        try {
            commands.write(line + "\n");
            commands.flush();
            for (String answer = answers.readLine(); answer != null; answer = answers.readLine()) {
                if (answer.startsWith(Probe.ANSWER)) {
                    return answer.substring(Probe.ANSWER.length());
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(ended(), e);
        }
        throw new IllegalStateException(ended());
    }

    private String ended() {
        try {
            final List<String> lines = Files.readAllLines(log);
            return name + " has ended; its log ends with\n"
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
        } catch (final IOException e) {
            return name + " has ended, and its log cannot be read: " + e;
        }
    }

    /** Sum of a counter over its subjects; 0 while the role does not publish it. */
    long counter(final ReplicationCounter counter) {
        final RoleSample sample = RoleSampler.read(aeronDirectory);
        if (!process.isAlive()) {
            throw new IllegalStateException(ended());
        }
        return sample == null
                ? 0
                : sample.values().stream()
                        .filter(value -> value.counter() == counter)
                        .mapToLong(RoleSample.Value::value)
                        .sum();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (final InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
