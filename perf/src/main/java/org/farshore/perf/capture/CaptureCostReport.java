package org.farshore.perf.capture;

import com.google.gson.Gson;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Rates of all rounds and the table of their medians. */
final class CaptureCostReport {
    /**
     * One run.
     *
     * @param rate writes a second.
     * @param submitNs mean nanoseconds in the program at submission.
     * @param completionNs mean nanoseconds in the programs at completion.
     */
    record Run(double rate, double submitNs, double completionNs) {}

    /** Device and job, then mode, then one run a round. */
    private final Map<String, Map<String, List<Run>>> rows = new LinkedHashMap<>();

    void add(
            final String device,
            final String job,
            final String mode,
            final double rate,
            final double submitNs,
            final double completionNs) {
        rows.computeIfAbsent(device + " | " + job, key -> new LinkedHashMap<>())
                .computeIfAbsent(mode, key -> new ArrayList<>())
                .add(new Run(rate, submitNs, completionNs));
    }

    String text() {
        final StringBuilder text = new StringBuilder("## What capture costs the source\n\n");
        text.append(
                "fio, direct writes; medians of alternated rounds; ratios are medians of the ratios within a round. "
                        + "The times in the programs contain the kernel's own measuring.\n\n");
        text.append("| device | job | capture | writes/s | of none | ns at submission | ns at completion |\n"
                + "|---|---|---|--:|--:|--:|--:|\n");
        rows.forEach((row, modes) -> modes.forEach((mode, runs) -> text.append(String.format(
                Locale.ROOT,
                "| %s | %s | %.0f | %.3f | %.0f | %.0f |%n",
                row,
                mode,
                median(runs.stream().map(Run::rate).toList()),
                median(ratios(runs, modes.get("none"))),
                median(runs.stream().map(Run::submitNs).toList()),
                median(runs.stream().map(Run::completionNs).toList())))));
        return text.toString();
    }

    private static List<Double> ratios(final List<Run> runs, final List<Run> none) {
        final List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            ratios.add(runs.get(i).rate() / none.get(i).rate());
        }
        return ratios;
    }

    private static double median(final List<Double> values) {
        final List<Double> sorted = values.stream().sorted().toList();
        final int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    void save(final Path name) throws IOException {
        if (name.getParent() != null) {
            Files.createDirectories(name.getParent());
        }
        Files.writeString(name.resolveSibling(name.getFileName() + ".md"), text());
        try (JsonWriter writer =
                new JsonWriter(Files.newBufferedWriter(name.resolveSibling(name.getFileName() + ".json")))) {
            writer.setIndent(" ");
            final Gson gson = new Gson();
            gson.toJson(gson.toJsonTree(rows), writer);
        }
    }
}
