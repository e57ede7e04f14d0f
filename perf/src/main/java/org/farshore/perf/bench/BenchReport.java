package org.farshore.perf.bench;

import com.google.gson.Gson;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;

/** Bytes a second of every subject, beside the baseline of the same round. */
final class BenchReport {
    private static final String BASELINE = "baseline";

    /** Benchmark and case (its other parameter), then subject, then one value a round in 1e9 bytes a second. */
    private final Map<String, Map<String, List<Double>>> cases = new LinkedHashMap<>();

    BenchReport(final List<Collection<RunResult>> rounds) {
        for (final Collection<RunResult> round : rounds) {
            for (final RunResult result : round) {
                final BenchmarkParams params = result.getParams();
                cases.computeIfAbsent(caseOf(params), key -> new LinkedHashMap<>())
                        .computeIfAbsent(params.getParam("subject"), key -> new ArrayList<>())
                        .add(result.getPrimaryResult().getScore() * bytesOf(params) / 1e9);
            }
        }
    }

    private static String caseOf(final BenchmarkParams params) {
        final String[] name = params.getBenchmark().split("\\.", -1);
        final StringBuilder text = new StringBuilder(name[name.length - 2].replace("Benchmark", ""));
        for (final String key : params.getParamsKeys()) {
            if (!"subject".equals(key)) {
                text.append(' ')
                        .append(key)
                        .append(' ')
                        .append(params.getParam(key).toLowerCase(Locale.ROOT));
            }
        }
        return text.toString();
    }

    private static long bytesOf(final BenchmarkParams params) {
        return params.getBenchmark().contains("Journal") ? JournalAppendBenchmark.GROUP_LENGTH : Batches.PAYLOAD_LENGTH;
    }

    String text() {
        final StringBuilder text = new StringBuilder("## Benchmarks of single stages\n\n");
        text.append(
                "1e9 bytes a second; beside it the part of the baseline in the same round. Medians of the rounds.\n\n");
        text.append("| benchmark, case | subject | GB/s | of baseline |\n|---|---|--:|--:|\n");
        cases.forEach((name, subjects) -> subjects.forEach((subject, values) -> text.append(String.format(
                Locale.ROOT,
                "| %s | %s | %.3f | %.2f |%n",
                name,
                subject,
                median(values),
                median(ratios(values, subjects.get(BASELINE)))))));
        return text.toString();
    }

    private static List<Double> ratios(final List<Double> values, final List<Double> baseline) {
        final List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            ratios.add(values.get(i) / baseline.get(i));
        }
        return ratios;
    }

    private static double median(final List<Double> values) {
        final List<Double> sorted = values.stream().sorted().toList();
        final int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    void save(final Path name) {
        try {
            if (name.getParent() != null) {
                Files.createDirectories(name.getParent());
            }
            Files.writeString(name.resolveSibling(name.getFileName() + ".md"), text());
            try (JsonWriter writer =
                    new JsonWriter(Files.newBufferedWriter(name.resolveSibling(name.getFileName() + ".json")))) {
                writer.setIndent(" ");
                final Gson gson = new Gson();
                gson.toJson(gson.toJsonTree(cases), writer);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot write " + name, e);
        }
    }
}
