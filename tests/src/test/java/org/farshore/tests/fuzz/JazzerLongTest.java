package org.farshore.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every target under Jazzer, which instruments the product's classes and keeps the inputs that reach new branches:
 * {@code ./farshore test --long fuzz [SECONDS]}, so many for each target. What it found stays in {@code target/fuzz}; an input
 * that found something belongs into the resources, so that every build tries it.
 */
@Tag("slow")
class JazzerLongTest {
    private static final int SECONDS = Integer.getInteger("farshore.test.fuzz.seconds", 60);
    private static final String ONLY = System.getProperty("farshore.test.fuzz.target", "");
    private static final Pattern EXECUTED = Pattern.compile("stat::number_of_executed_units:\\s*(\\d+)");
    private static final Pattern COVERAGE = Pattern.compile("cov: (\\d+)");
    private static final Path WORK = FarshoreLab.root().resolve("tests/target/fuzz");

    @Test
    void nothingIsFoundWithCoverageGuidance() throws IOException {
        final List<String> findings = new ArrayList<>();
        System.out.printf("%-16s %12s %10s %8s  %s%n", "target", "inputs", "inputs/s", "edges", "findings");
        for (final FuzzTarget target : FuzzTarget.values()) {
            if (ONLY.isEmpty() || ONLY.equals(target.label())) {
                final String finding = run(target);
                if (!finding.isEmpty()) {
                    findings.add(finding);
                }
            }
        }
        assertThat(findings).isEmpty();
    }

    private static String run(final FuzzTarget target) throws IOException {
        final Path directory = WORK.resolve("long").resolve(target.label());
        final Path corpus = Files.createDirectories(directory.resolve("corpus"));
        int number = 0;
        for (final byte[] seed : target.seeds()) {
            Files.write(corpus.resolve("seed-" + number++), seed);
        }
        for (final Path kept : target.kept()) {
            Files.write(corpus.resolve(kept.getFileName()), Files.readAllBytes(kept));
        }
        final Shell.Result result =
                Shell.run(Duration.ofSeconds(3L * SECONDS + 120), Map.of(), command(target, directory, corpus));
        final String output = result.output() + result.errors();
        Files.writeString(directory.resolve("log"), output, StandardCharsets.UTF_8);
        final long executed = last(EXECUTED, output);
        final String finding =
                result.exitCode() == 0 ? "" : target.label() + ": " + line(output) + ", see " + directory;
        System.out.printf(
                Locale.ROOT,
                "%-16s %,12d %,10d %,8d  %s%n",
                target.label(),
                executed,
                executed / SECONDS,
                last(COVERAGE, output),
                finding.isEmpty() ? "none" : finding);
        return finding;
    }

    private static List<String> command(final FuzzTarget target, final Path directory, final Path corpus) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Stream.of(System.getProperty("farshore.jvm.flags").split(" ")).forEach(command::add);
        command.addAll(List.of(
                "-Xmx1g",
                "-XX:-OmitStackTraceInFastThrow",
                "-Djava.util.logging.config.file=" + System.getProperty("java.util.logging.config.file"),
                "-Dfarshore.root=" + FarshoreLab.root(),
                "-cp",
                classPath(),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.type().getName(),
                "--instrumentation_includes=org.farshore.dataplane.**:org.farshore.agent.**",
                // The product opens what it is told to open: Jazzer's own guesses at attacks mean nothing here.
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.*",
                "--reproducer_path=" + directory,
                "-artifact_prefix=" + directory + "/",
                "-max_total_time=" + SECONDS,
                "-max_len=70000",
                "-rss_limit_mb=3000",
                "-timeout=120",
                "-print_final_stats=1",
                corpus.toString()));
        return command;
    }

    private static String classPath() {
        final String real = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return real.isEmpty() ? System.getProperty("java.class.path") : real;
    }

    private static long last(final Pattern pattern, final String text) {
        final Matcher matcher = pattern.matcher(text);
        long found = 0;
        while (matcher.find()) {
            found = Long.parseLong(matcher.group(1));
        }
        return found;
    }

    private static String line(final String output) {
        return output.lines()
                .filter(line -> line.startsWith("== Java ") || line.contains("SUMMARY"))
                .findFirst()
                .orElse("ended without a word");
    }
}
