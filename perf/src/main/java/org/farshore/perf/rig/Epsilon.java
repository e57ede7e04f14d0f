package org.farshore.perf.rig;

import java.nio.file.Path;
import java.util.Locale;
import org.farshore.perf.load.Load;
import org.farshore.perf.load.PayloadMix;
import org.farshore.perf.probe.RoleProbeSample;

/**
 * Runs the three roles with a collector that never collects and a heap of {@value #HEAP_MIB} MiB each: {@code perf/epsilon
 * GIB [DIRECTORY]}. Whatever the data path allocated would stay, and end the role. Prints what of each heap is used in the
 * end. It must have been applied, too, not only be durable.
 */
public final class Epsilon {
    private static final int HEAP_MIB = 128;
    private static final double GIB = 1L << 30;
    private static final long LOOK_NS = 1_000_000_000L;

    private Epsilon() {}

    /** Exits with 0 when all of it went through. */
    public static void main(final String... args) {
        final double gibibytes = Double.parseDouble(args[0]);
        final Path directory = Path.of(args.length > 1 ? args[1] : "/dev/shm");
        final RigSettings settings = RigSettings.defaults(directory)
                .withJavaOptions("-XX:-UseSerialGC -XX:+UnlockExperimentalVMOptions -XX:+UseEpsilonGC -Xms" + HEAP_MIB
                        + "m -Xmx" + HEAP_MIB + "m");
        try (RigCluster cluster = new RigCluster(settings)) {
            final long beganNs = System.nanoTime();
            cluster.load(new Load(PayloadMix.MIXED, Load.UNLIMITED));
            RigMoment moment = cluster.moment();
            while (moment.durableBytes() < gibibytes * GIB) {
                RigCluster.sleep(LOOK_NS);
                moment = cluster.moment();
                System.err.printf(Locale.ROOT, "%.1f GiB%n", moment.durableBytes() / GIB);
            }
            cluster.drain();
            final RigMoment end = cluster.moment();
            System.out.printf(
                    Locale.ROOT,
                    "%.1f GiB of changes durable and applied in %.0f s under the Epsilon collector%n",
                    end.durableBytes() / GIB,
                    (System.nanoTime() - beganNs) / 1e9);
            print("agent", end.agent());
            print("process-server", end.processServer());
            print("master-target", end.masterTarget());
        }
    }

    private static void print(final String role, final RoleProbeSample sample) {
        System.out.printf(
                Locale.ROOT,
                "%-15s heap used %.1f of %.0f MiB, collections %d%n",
                role,
                sample.heapUsedBytes() / (double) (1 << 20),
                sample.heapMaxBytes() / (double) (1 << 20),
                sample.collections());
    }
}
