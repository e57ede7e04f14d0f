package org.farshore.perf.rig;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.farshore.perf.load.Load;
import org.farshore.perf.load.PayloadMix;

/**
 * What history costs: version index and recovery points. Two clusters stand side by side, one without a window and one with
 * a short one; each round loads them in turn. Retire goes in batches of a second or more, so a part of a run would hold a
 * batch too many or too few: a run is measured from its first write until all of it is in the replica.
 */
final class HistoryScene {
    private static final String WINDOW = "4s";
    private static final long LOAD_NS = 6_000_000_000L;
    /** Longer than the window, the rhythm of barriers and the pause between two batches of retire; the same for both. */
    private static final long TAIL_NS = 8_000_000_000L;

    private static final long JOURNAL_LIMIT = 4L << 30;
    private static final String LONG_WINDOW = "24h";
    private static final long SHARE_NS = 1_500_000_000L;
    private static final double VERSION_BYTES = 32 * 128 / 127.0;
    private static final List<String> THREADS = List.of("receive", "journal-commit", "follow", "apply");

    private final RigSettings base;
    private final List<HistoryRound> rounds = new ArrayList<>();
    private final Map<PayloadMix, Double> indexShares = new LinkedHashMap<>();
    private long bytesPerSecond;

    HistoryScene(final RigSettings base) {
        this.base = base;
    }

    /** Measures, at a rate both can keep up with. */
    void run(final int roundCount, final long rate) {
        bytesPerSecond = rate;
        final Load load = new Load(PayloadMix.MIXED, bytesPerSecond);
        try (RigCluster without = new RigCluster(base);
                RigCluster with = new RigCluster(base.withHistory(WINDOW, JOURNAL_LIMIT))) {
            for (int round = 0; round <= roundCount; round++) {
                final boolean withFirst = round % 2 == 1;
                final RigWindow first = window(withFirst ? with : without, load);
                final RigWindow second = window(withFirst ? without : with, load);
                // The first round is the compiler's.
                if (round > 0) {
                    rounds.add(withFirst ? new HistoryRound(second, first) : new HistoryRound(first, second));
                }
            }
        }
        indexShare(PayloadMix.RANDOM);
        indexShare(PayloadMix.MIXED);
    }

    private static RigWindow window(final RigCluster cluster, final Load load) {
        final RigMoment begin = cluster.moment();
        cluster.load(load);
        RigCluster.sleep(LOAD_NS);
        cluster.load(Load.NONE);
        RigCluster.sleep(TAIL_NS);
        cluster.drain();
        return new RigWindow(begin, cluster.moment());
    }

    /** Writes of 4 KiB; nothing leaves the window, so what the index grows by is what was written to it. */
    private void indexShare(final PayloadMix mix) {
        try (RigCluster cluster =
                new RigCluster(base.withWriteLength(4 << 10).withHistory(LONG_WINDOW, JOURNAL_LIMIT))) {
            cluster.settle();
            final RigMoment begin = cluster.moment();
            cluster.load(new Load(mix, Load.UNLIMITED));
            RigCluster.sleep(SHARE_NS);
            cluster.settle();
            final RigMoment end = cluster.moment();
            indexShares.put(
                    mix,
                    (end.indexVersions() - begin.indexVersions())
                            * VERSION_BYTES
                            / (end.indexPosition() - begin.indexPosition()));
        }
    }

    String text() {
        final StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%nWhat history costs the master target: no window beside a window of %s, writes of %d KiB at %.3f GB/s,%n"
                        + "%d alternated rounds; CPU s/GiB of the process and of its threads. *follow* is index and points,%n"
                        + "*apply* reads the journal and writes the replica in both.%n%n| | process | %s | applied of written |%n",
                WINDOW,
                base.writeLength() >> 10,
                bytesPerSecond / 1e9,
                rounds.size(),
                String.join(" | ", THREADS)));
        text.append("|---|").append("--:|".repeat(THREADS.size() + 2)).append('\n');
        row(text, "without", rounds.stream().map(HistoryRound::without).toList());
        row(text, "with", rounds.stream().map(HistoryRound::with).toList());
        text.append(String.format(
                Locale.ROOT,
                "%nWith history, of without: **%.2f**. Index, of the journal's bytes for writes of 4 KiB:",
                Medians.of(rounds, HistoryRound::cpuRatio)));
        indexShares.forEach((mix, share) -> text.append(String.format(
                Locale.ROOT, " %.2f %% %s;", 100 * share, mix.name().toLowerCase(Locale.ROOT))));
        text.setCharAt(text.length() - 1, '.');
        return text.append('\n').toString();
    }

    private static void row(final StringBuilder text, final String title, final List<RigWindow> windows) {
        text.append(String.format(Locale.ROOT, "| %s | **%.2f** |", title, Medians.of(windows, HistoryRound::cpu)));
        for (final String thread : THREADS) {
            text.append(String.format(Locale.ROOT, " %.3f |", Medians.of(windows, it -> HistoryRound.cpu(it, thread))));
        }
        text.append(String.format(Locale.ROOT, " %.2f |%n", Medians.of(windows, RigWindow::appliedShare)));
    }

    /** The same for a machine, with every round. */
    Map<String, Object> json() {
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("window", WINDOW);
        values.put("bytesPerSecond", bytesPerSecond);
        values.put("writeLength", base.writeLength());
        values.put("cpuRatio", Medians.of(rounds, HistoryRound::cpuRatio));
        values.put("indexShares", indexShares);
        final List<Object> all = new ArrayList<>();
        for (final HistoryRound round : rounds) {
            all.add(Map.of("without", RigReport.json(round.without()), "with", RigReport.json(round.with())));
        }
        values.put("rounds", all);
        return values;
    }
}
