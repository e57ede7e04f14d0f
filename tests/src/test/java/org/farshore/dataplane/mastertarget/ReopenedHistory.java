package org.farshore.dataplane.mastertarget;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.failover.FailoverAgent;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.ship.MemoryLinks;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.tests.fuzz.HeapFiles;

/**
 * A master target on the files of a {@link StoppedHistory}, which may be damaged: what it still shows, block by block either
 * the right bytes or an error, and what it says of the rest.
 */
public final class ReopenedHistory {
    private static final int SEGMENT_LENGTH = 256 << 10;
    private static final int SEGMENTS = 24;
    private static final int INDEX_PAGES = 16;
    private static final int STEPS_MAX = 2_000;
    private static final int STEPS_OF_LIFE = 100;
    private static final long STEP_NS = 10_000_000;
    private static final int BLOCK = 4096;
    private static final int SECTOR = 512;
    private static final int POINTS_COMPARED = 6;

    private final StoppedHistory history;
    private final HeapFiles files;
    private final ManualClocks clocks = new ManualClocks();
    private final MemoryLinks links = new MemoryLinks(5);
    private final ViewsInMemory exports = new ViewsInMemory();
    private final MasterTargetAgents target;
    private final TreeSet<Long> offered = new TreeSet<>();
    private final TreeMap<String, String> complaints = new TreeMap<>();
    private Map<String, Long> pins = Map.of();
    private boolean isRefused;
    private int unreadable;

    ReopenedHistory(final StoppedHistory history, final HeapFiles files) throws Exception {
        this.history = history;
        this.files = files;
        clocks.advance(history.world.target.clocks.nanoTime());
        target = new MasterTargetAgents(new MasterTargetContext()
                .files(files)
                .clocks(clocks)
                .entropy(new SeededEntropy(6))
                .counters(new HeapCounters())
                .links(links)
                .exports(exports)
                .dataDirectory(StoppedHistory.DATA)
                .machines(Set.of("*"))
                .machinesMax(4)
                .applyMemory(4 << 20)
                .directMemory(8 << 20)
                .retentionWindowNs(StoppedHistory.WINDOW_NS)
                .indexPagesPerFile(INDEX_PAGES)
                .journal(SEGMENT_LENGTH, (long) SEGMENTS * SEGMENT_LENGTH)
                .conclude());
        try {
            judge();
        } finally {
            for (final Agent agent : target.all()) {
                agent.onClose();
            }
        }
    }

    private void judge() throws Exception {
        until(this::isLevel, STEPS_MAX);
        judgeViews();
        judgePoints();
        until(() -> false, STEPS_OF_LIFE);
        judgePoints();
        judgeReplicas();
        isRefused = refusesOldSource();
    }

    /** Steps the agents until something holds, at most so often. */
    private void until(final BooleanSupplier condition, final int stepsMax) throws Exception {
        for (int i = 0; i < stepsMax && !condition.getAsBoolean(); i++) {
            for (final Agent agent : target.all()) {
                agent.doWork();
            }
            clocks.advance(STEP_NS);
        }
    }

    private TargetStream stream() {
        return target.applyAgent().streams().get(0);
    }

    private StreamHistory past() {
        return stream().history();
    }

    private boolean isLevel() {
        return past().index().isReady()
                && past().isFollowed()
                && past().index().indexedPosition()
                        >= stream().journal().committer().durablePosition();
    }

    private void judgeViews() throws Exception {
        final FailoverAgent.Order<List<ViewReport>> order =
                target.failoverAgent().views();
        until(order::isDone, STEPS_MAX);
        for (final ViewReport view : order.value()) {
            if (!view.complaint().isEmpty()) {
                complaints.put("view " + view.id(), view.complaint());
                continue;
            }
            for (final ViewReport.Volume volume : view.volumes()) {
                compare(
                        "export " + volume.exportName(),
                        exports.views.get(volume.exportName()),
                        history.views.get(volume.exportName()));
            }
        }
        final Set<String> missing = new TreeSet<>(history.views.keySet());
        missing.removeAll(exports.views.keySet());
        missing.removeIf(name -> complaints.containsKey("view " + name.substring(0, name.indexOf('/'))));
        check(missing.isEmpty(), "views are gone without a word: " + missing);
    }

    private void judgePoints() throws Exception {
        offered.clear();
        final List<RecoveryPoint> points = past().points().list(Set.of());
        for (int i = 0; i < points.size(); i++) {
            final RecoveryPoint point = points.get(i);
            check(history.world.points.containsKey(point.sequence()), "point " + point + " there never was");
            offered.add(point.sequence());
            if (i % Math.max(1, points.size() / POINTS_COMPARED) == 0 || i == points.size() - 1) {
                for (int volume = 1; volume <= 2; volume++) {
                    compare(point, volume);
                }
            }
        }
        for (final long sequence : history.world.points.keySet()) {
            final PointChoice choice = past().points().atSequence(sequence, List.of());
            if (!choice.isGranted()) {
                complaints.put("point " + sequence, choice.reason());
            }
        }
        pins = past().points().pins().sequences();
    }

    private void compare(final RecoveryPoint point, final int volume) throws Exception {
        final String what = "volume " + volume + " at " + point.sequence();
        try (RecoveryView view = past().volumes().openView(point, new UUID(volume, ~(long) volume), null)) {
            compare(what, view, history.world.points.get(point.sequence())[volume]);
        } catch (final ViewException e) {
            complaints.put(what, e.getMessage());
        }
    }

    /** Each block is right or an error with a reason. */
    private void compare(final String what, final RecoveryView view, final byte[] expected) throws Exception {
        final ByteBuffer block = ByteBuffer.allocate(BLOCK);
        try (ViewAccess access = view.newAccess()) {
            for (int at = 0; at < expected.length; at += BLOCK) {
                try {
                    readSettled(access, at, block);
                    final int wrong = Arrays.mismatch(block.array(), 0, BLOCK, expected, at, at + BLOCK);
                    check(wrong < 0, what + ": wrong byte at " + (at + wrong));
                } catch (final ViewException e) {
                    unreadable++;
                    complaints.put(what + " byte " + e.offset(), e.getMessage());
                }
            }
        }
    }

    /** Reads; while the index repairs itself the same question may be asked again. */
    private void readSettled(final ViewAccess access, final int at, final ByteBuffer block) throws Exception {
        for (int attempt = 0; ; attempt++) {
            try {
                access.read(at, block.clear());
                return;
            } catch (final ViewException e) {
                if (e.reason() != ViewException.Cause.INDEX || attempt == 3) {
                    throw e;
                }
                until(this::isLevel, STEPS_MAX);
            }
        }
    }

    /** Replicas are brought from point to point: each sector is one of a point, or was never written. */
    private void judgeReplicas() {
        for (int volume = 1; volume <= 2; volume++) {
            final byte[] replica = files.get(
                    StoppedHistory.STREAM.resolve(FailoverWorld.NAMES[volume]).resolve("replica.img"));
            for (int at = 0; at < replica.length; at += SECTOR) {
                check(isOfAPoint(replica, volume, at), "replica " + volume + ": nobody's bytes at " + at);
            }
        }
    }

    private boolean isOfAPoint(final byte[] replica, final int volume, final int at) {
        for (final byte[][] point : history.world.points.values()) {
            if (Arrays.equals(replica, at, at + SECTOR, point[volume], at, at + SECTOR)) {
                return true;
            }
        }
        return Arrays.equals(replica, at, at + SECTOR, new byte[SECTOR], 0, SECTOR);
    }

    private boolean refusesOldSource() throws Exception {
        final TestSender sender = new TestSender(
                links, MasterTargetContext.LISTEN_DEFAULT, 77, TargetHarness.MACHINE_HIGH, TargetHarness.MACHINE_LOW);
        sender.hello(StoppedHistory.CAPTURE, 1, StreamLimits.PROTOCOL_VERSION, 0);
        until(
                () -> {
                    sender.poll();
                    return sender.welcome != null || sender.rejected != null;
                },
                STEPS_MAX);
        check(sender.welcome != null || sender.rejected != null, "the old source hears nothing");
        final boolean refused = sender.rejected == RejectReason.STALE_GENERATION;
        final FailoverPhase phase = phase();
        check(
                refused == history.failedOver && (phase == FailoverPhase.FAILED_OVER) == history.failedOver,
                "the old source is " + (refused ? "refused" : "let in") + " in " + phase);
        return refused;
    }

    private FailoverPhase phase() throws Exception {
        final var report = target.failoverAgent().report(TargetHarness.MACHINE);
        until(report::isDone, STEPS_MAX);
        return report.value().phase();
    }

    private static void check(final boolean holds, final String complaint) {
        if (!holds) {
            throw new AssertionError(complaint);
        }
    }

    /** Points that are offered. */
    public Set<Long> offered() {
        return offered;
    }

    /** Pins and what they keep. */
    public Map<String, Long> pins() {
        return pins;
    }

    /** What cannot be had, and why. */
    public Map<String, String> complaints() {
        return complaints;
    }

    /** Blocks that were answered with an error. */
    public int unreadable() {
        return unreadable;
    }

    /** True when the old source is sent away. */
    public boolean isRefused() {
        return isRefused;
    }
}
