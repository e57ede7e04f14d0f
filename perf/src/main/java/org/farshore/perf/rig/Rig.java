package org.farshore.perf.rig;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.farshore.perf.load.Load;
import org.farshore.perf.load.PayloadMix;

/**
 * Pushes synthetic changes through three role processes and says what that costs: {@code farshore rig}. Each round
 * measures, one after the other, the machine's limits, the most that goes through, and the lag at half of that; the
 * report has the median over the rounds.
 */
public final class Rig {
    private static final long SETTLE_NS = 500_000_000L;
    private static final double WARM_UP_SECONDS = 6;

    private final RigOptions options;
    private final List<RigScene> scenes = new ArrayList<>();
    private HistoryScene history;

    private Rig(final RigOptions options) {
        this.options = options;
    }

    /** See {@code --help}. */
    public static void main(final String... args) throws IOException, InterruptedException {
        final RigOptions options = RigOptions.parse(args);
        if (options == null) {
            System.exit(args.length > 0 && args[0].matches("--help|-h") ? 0 : 2);
        }
        final Rig rig = new Rig(options);
        rig.run();
        final RigReport report = new RigReport(options, rig.scenes, rig.history);
        System.out.print(report.text());
        if (options.record() != null) {
            report.save(options.record());
        }
    }

    private void run() throws IOException, InterruptedException {
        final RigSettings base = RigSettings.defaults(options.directory()).withWriteLength(options.writeLength());
        try (RigCluster cluster = new RigCluster(base)) {
            warmUp(cluster);
            scene("MTU 65504", cluster, PayloadMix.MIXED, options.rounds(), true);
            if (!options.quick()) {
                scene("MTU 65504", cluster, PayloadMix.RANDOM, options.fewRounds(), false);
                scene("MTU 65504", cluster, PayloadMix.SPARSE, options.fewRounds(), false);
            }
        }
        final long halfRate = (long) (scenes.get(0).gigabytesPerSecond() * 1e9 / 2);
        history = new HistoryScene(base);
        history.run(options.quick() ? options.fewRounds() : options.rounds(), halfRate);
        for (final int mtu : options.moreMtus()) {
            try (RigCluster cluster = new RigCluster(base.withMtu(mtu))) {
                warmUp(cluster);
                scene("MTU " + mtu, cluster, PayloadMix.MIXED, options.fewRounds(), false);
            }
        }
    }

    /** The compiler needs some seconds of load, and the replica's blocks must have been written once. */
    private void warmUp(final RigCluster cluster) {
        progress("warming up");
        for (final PayloadMix mix : PayloadMix.values()) {
            cluster.load(new Load(mix, Load.UNLIMITED));
            cluster.measure(WARM_UP_SECONDS / PayloadMix.values().length);
        }
        cluster.drain();
    }

    private void scene(
            final String title,
            final RigCluster cluster,
            final PayloadMix mix,
            final int rounds,
            final boolean withHalf)
            throws IOException, InterruptedException {
        final List<RigRound> done = new ArrayList<>();
        try (CopyLimits limits = new CopyLimits(cluster.directory(), options.limitSeconds())) {
            for (int round = 1; round <= rounds; round++) {
                final CopyLimits.Speeds speeds =
                        limits.measure(cluster.settings().mtuLength());
                final RigWindow most = window(cluster, new Load(mix, Load.UNLIMITED));
                RigWindow half = null;
                if (withHalf) {
                    final List<RigRound> sofar = new ArrayList<>(done);
                    sofar.add(new RigRound(speeds, most, null));
                    final double median = Medians.of(sofar, it -> it.most().gigabytesPerSecond());
                    half = window(cluster, new Load(mix, (long) (median * 1e9 / 2)));
                }
                done.add(new RigRound(speeds, most, half));
                progress(String.format(
                        "%s %s, round %d of %d: %.3f GB/s", title, mix, round, rounds, most.gigabytesPerSecond()));
            }
        }
        scenes.add(new RigScene(title, cluster.settings(), mix, done));
    }

    private RigWindow window(final RigCluster cluster, final Load load) {
        cluster.load(load);
        RigCluster.sleep(SETTLE_NS);
        final RigWindow window = cluster.measure(options.seconds());
        cluster.drain();
        return window;
    }

    private static void progress(final String text) {
        System.err.println(text);
    }
}
