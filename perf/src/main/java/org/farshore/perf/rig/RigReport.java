package org.farshore.perf.rig;

import com.google.gson.Gson;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the rig found: Markdown that reads well on a terminal too, and the same as JSON with every round. */
final class RigReport {
    private static final List<String> ROLES = List.of("agent", "process-server", "master-target");

    private final RigOptions options;
    private final List<RigScene> scenes;
    private final HistoryScene history;

    RigReport(final RigOptions options, final List<RigScene> scenes, final HistoryScene history) {
        this.options = options;
        this.scenes = scenes;
        this.history = history;
    }

    /** Writes {@code name.json} and {@code name.md}. */
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
                gson.toJson(gson.toJsonTree(json()), writer);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot write " + name, e);
        }
    }

    String text() {
        final StringBuilder text = new StringBuilder();
        text.append("## Rig: three role processes, synthetic writes of ")
                .append(options.writeLength() >> 10)
                .append(" KiB\n\n");
        line(
                text,
                "Median of the alternated rounds; GB is 1e9 bytes, GiB 2^30. Windows of %.1f s.%n",
                options.seconds());
        throughput(text);
        for (final RigScene scene : scenes) {
            if (scene.hasHalf()) {
                lag(text, scene);
            }
        }
        cost(text, scenes.get(0));
        return text.append(history.text()).toString();
    }

    private void throughput(final StringBuilder text) {
        text.append(
                "\n| setting | bytes | rounds | GB/s | applied GB/s | LZ4 | CPU s/GiB | memcpy | loopback | write+sync"
                        + " | of loopback | of write+sync |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
        for (final RigScene scene : scenes) {
            final List<RigRound> rounds = scene.rounds();
            line(
                    text,
                    "| %s | %s | %d | **%.3f** | %.3f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |%n",
                    scene.title(),
                    scene.mix().name().toLowerCase(Locale.ROOT),
                    rounds.size(),
                    scene.gigabytesPerSecond(),
                    Medians.of(rounds, it -> it.most().appliedGigabytesPerSecond()),
                    Medians.of(rounds, it -> it.most().compressionRatio()),
                    Medians.of(rounds, it -> totalCpu(it.most())),
                    Medians.of(rounds, it -> it.limits().memory()),
                    Medians.of(rounds, it -> it.limits().loopback()),
                    Medians.of(rounds, it -> it.limits().syncedWrites()),
                    Medians.of(
                            rounds,
                            it -> it.most().gigabytesPerSecond() / it.limits().loopback()),
                    Medians.of(
                            rounds,
                            it -> it.most().gigabytesPerSecond() / it.limits().syncedWrites()));
        }
    }

    private static double totalCpu(final RigWindow window) {
        return window.uses().values().stream()
                .mapToDouble(RigWindow.RoleUse::cpuSecondsPerGibibyte)
                .sum();
    }

    private void lag(final StringBuilder text, final RigScene scene) {
        final List<RigRound> rounds = scene.rounds();
        line(
                text,
                "%nRecovery-point lag at half load (%.3f GB/s), ms:%n%n| sampled | p50 | p90 | p99 | max |%n|---|--:|--:|--:|--:|%n",
                Medians.of(rounds, it -> it.half().gigabytesPerSecond()));
        lagRow(text, rounds, "at each acknowledgement", "lagMs");
        lagRow(text, rounds, "just before it (the worst moment)", "lagBeforeMs");
    }

    private static void lagRow(
            final StringBuilder text, final List<RigRound> rounds, final String title, final String name) {
        line(
                text,
                "| %s | %.2f | %.2f | %.2f | %.2f |%n",
                title,
                Medians.of(rounds, it -> it.half().lag(name).get("p50")),
                Medians.of(rounds, it -> it.half().lag(name).get("p90")),
                Medians.of(rounds, it -> it.half().lag(name).get("p99")),
                Medians.of(rounds, it -> it.half().lag(name).get("max")));
    }

    private void cost(final StringBuilder text, final RigScene scene) {
        text.append("\nWhat each role uses, ").append(scene.title()).append(", most load and half load:\n\n");
        text.append(
                "| role, thread | CPU s/GiB | cores | alloc B/GiB | alloc B/s | cores at half | alloc B/s at half |\n"
                        + "|---|--:|--:|--:|--:|--:|--:|\n");
        for (final String role : ROLES) {
            final List<RigRound> rounds = scene.rounds();
            line(
                    text,
                    "| **%s** | **%.2f** | %.2f | %.0f | %.0f | %s |%n",
                    role,
                    Medians.of(rounds, it -> use(it.most(), role).cpuSecondsPerGibibyte()),
                    Medians.of(rounds, it -> use(it.most(), role).cores()),
                    Medians.of(rounds, it -> use(it.most(), role).allocatedPerGibibyte()),
                    Medians.of(rounds, it -> use(it.most(), role).allocatedPerSecond()),
                    scene.hasHalf() ? halfOf(rounds, role) : "| ");
            threads(text, rounds, role);
        }
    }

    private static String halfOf(final List<RigRound> rounds, final String role) {
        return String.format(
                Locale.ROOT,
                "%.2f | %.0f",
                Medians.of(rounds, it -> use(it.half(), role).cores()),
                Medians.of(rounds, it -> use(it.half(), role).allocatedPerSecond()));
    }

    private static void threads(final StringBuilder text, final List<RigRound> rounds, final String role) {
        for (final String thread : use(rounds.get(0).most(), role).threads().keySet()) {
            final double cores =
                    Medians.of(rounds, it -> thread(it.most(), role, thread).cores());
            final double allocated =
                    Medians.of(rounds, it -> thread(it.most(), role, thread).allocatedPerSecond());
            if (cores >= 0.002 || allocated >= 1) {
                line(
                        text,
                        "| %s | %.3f | %.3f | | %.0f | | |%n",
                        shortName(thread),
                        Medians.of(rounds, it -> thread(it.most(), role, thread).cpuSecondsPerGibibyte()),
                        cores,
                        allocated);
            }
        }
    }

    /** The media driver's thread bears its directory in its name. */
    private static String shortName(final String thread) {
        return thread.contains("driver-conductor") ? "media driver" : thread;
    }

    private static RigWindow.RoleUse use(final RigWindow window, final String role) {
        return window.uses().get(role);
    }

    private static RigWindow.ThreadUse thread(final RigWindow window, final String role, final String thread) {
        return use(window, role).threads().getOrDefault(thread, new RigWindow.ThreadUse(0, 0, 0));
    }

    private Map<String, Object> json() {
        final List<Object> all = new ArrayList<>();
        for (final RigScene scene : scenes) {
            final Map<String, Object> values = new LinkedHashMap<>();
            values.put("title", scene.title());
            values.put("mix", scene.mix());
            values.put("mtu", scene.settings().mtuLength());
            values.put("writeLength", scene.settings().writeLength());
            values.put("gigabytesPerSecond", scene.gigabytesPerSecond());
            final List<Object> rounds = new ArrayList<>();
            scene.rounds().forEach(round -> rounds.add(json(round)));
            values.put("rounds", rounds);
            all.add(values);
        }
        return Map.of("scenes", all, "history", history.json());
    }

    private static Map<String, Object> json(final RigRound round) {
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("limits", round.limits());
        values.put("most", json(round.most()));
        if (round.half() != null) {
            values.put("half", json(round.half()));
        }
        return values;
    }

    static Map<String, Object> json(final RigWindow window) {
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("seconds", window.seconds());
        values.put("bytes", window.bytes());
        values.put("gigabytesPerSecond", window.gigabytesPerSecond());
        values.put("appliedGigabytesPerSecond", window.appliedGigabytesPerSecond());
        values.put("compressionRatio", window.compressionRatio());
        values.put("bytesPerSync", window.bytesPerSync());
        values.put("lagMs", window.lag("lagMs"));
        values.put("lagBeforeMs", window.lag("lagBeforeMs"));
        values.put("roles", window.uses());
        return values;
    }

    private static void line(final StringBuilder text, final String format, final Object... values) {
        text.append(String.format(Locale.ROOT, format, values));
    }
}
