package org.farshore.dataplane.mastertarget;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.tests.fuzz.HeapFiles;

/**
 * What a master target with a past leaves on its disk when it is killed: two volumes with some points withdrawn and more
 * kept, a pin, a view that was written to, and on request a failover to the newest point; and what each of them showed. In
 * the product's package for the sake of its harness.
 */
public final class StoppedHistory {
    /** Where everything lies. */
    public static final Path DATA = TargetHarness.DATA;
    /** The stream's directory. */
    public static final Path STREAM = DATA.resolve(TargetHarness.MACHINE);

    static final long WINDOW_NS = 3_000_000_000L;
    static final long CAPTURE = 5;
    static final String PIN = "keep";

    private static final long POINT_NS = 400_000_000L;
    private static final int POINTS = 40;

    final FailoverWorld world;
    final boolean failedOver;
    /** What each export showed last, by name. */
    final Map<String, byte[]> views = new TreeMap<>();

    private final Map<Path, byte[]> image;

    private StoppedHistory(final long seed, final boolean failsOver) {
        world = new FailoverWorld(seed).connect(CAPTURE, 0);
        failedOver = failsOver;
        final ApplyAgent apply = world.target.target.applyAgent();
        live();
        apply.offer(new ApplyAgent.SetRetention(apply.streams().get(0), WINDOW_NS));
        for (int i = 1; i < POINTS; i++) {
            live();
            if (i == POINTS / 2) {
                world.history().points().pins().pin(PIN, world.point(world.sequence(0)));
            }
            if (i == POINTS * 3 / 4) {
                use(world.carriedOut(world.failover()
                        .openView(
                                TargetHarness.MACHINE, world.point(world.sequence(1)), List.of(), ViewPurpose.PLAIN)));
            }
        }
        if (failsOver) {
            use(world.failOver(world.sequence(0)));
        }
        try {
            image = HeapFiles.image(world.target.disk, DATA);
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    /** One point with writes before it, a while after the last one. */
    private void live() {
        world.target.clocks.advance(POINT_NS);
        world.writer.captureTimeNs(world.target.clocks.nanoTime());
        world.live(1);
    }

    private void use(final ViewReport view) {
        byte[][] shown = world.points.get(view.point().sequence());
        // Twice: so that pages of presence bits have two editions.
        for (int i = 0; i < 2; i++) {
            shown = world.use(view, shown);
        }
        for (int volume = 1; volume <= 2; volume++) {
            views.put(view.id() + "/" + FailoverWorld.NAMES[volume], shown[volume]);
        }
    }

    /** Of a machine whose source goes on. */
    public static StoppedHistory replicating(final long seed) {
        return new StoppedHistory(seed, false);
    }

    /** Of a machine that has failed over. */
    public static StoppedHistory failedOver(final long seed) {
        return new StoppedHistory(seed, true);
    }

    /** A copy of the files. */
    public HeapFiles files() {
        final HeapFiles files = new HeapFiles();
        image.forEach((path, bytes) -> files.put(path, bytes.clone()));
        return files;
    }

    /** Starts a master target on these files and holds what it shows against what was there. */
    public ReopenedHistory reopen(final HeapFiles files) throws Exception {
        return new ReopenedHistory(this, files);
    }
}
