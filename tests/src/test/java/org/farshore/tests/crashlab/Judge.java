package org.farshore.tests.crashlab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.index.IndexInspector;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.mastertarget.LabConnection;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.runtime.ChannelBlockFiles;

/**
 * Looks at what a power cut has left, with the tools and the roles that a user has, and holds it against the script: what
 * was promised, and the bytes of each prefix. One mounted disk after the other; one thread.
 */
final class Judge {
    private static final int STEPS_MAX = 60_000;
    private static final long STEP_NS = 1_000_000;
    private static final int SECTOR_LENGTH = 512;
    /** What the tools say of the older of two copies that were written in turn; a cut may tear the one being written. */
    private static final String TORN_COPY = "one of the two copies";

    private final ChannelBlockFiles files = new ChannelBlockFiles();
    private final SourceScript script;
    private final PrefixOracle oracle;
    private final LabDice dice;
    private final Findings findings;
    private final LabClocks clocks = new LabClocks();
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(SourceScript.VOLUME_LENGTH);
    private final byte[] shown = new byte[SourceScript.VOLUME_LENGTH];
    private long connections = 1 << 20;
    private LabTarget target;
    private LabConnection connection;
    private Promises.Promise owed;

    Judge(final SourceScript script, final LabDice dice, final Findings findings) {
        this.script = script;
        this.oracle = new PrefixOracle(script);
        this.dice = dice;
        this.findings = findings;
    }

    /**
     * Judges one disk.
     *
     * @param data the master target's data directory on it, which may not be there yet.
     * @param isTorn true when writes were cut off: then the page of the index that was being written may be damaged.
     * @throws AssertionError saying what is wrong.
     */
    void judge(final Path data, final Promises.Promise promise, final boolean isTorn) throws IOException {
        owed = promise;
        verifyJournal(data);
        final List<String> damages = verifyIndex(data);
        check(isTorn || damages.isEmpty(), "index damaged: " + damages);
        findings.tornIndex(!damages.isEmpty());
        target = new LabTarget(data, clocks, dice);
        try {
            connect();
            if (connection.nextSequence() > 1) {
                until("index and points follow the journal", this::isLevel);
                judgePoints();
                judgeEnds();
            }
            judgeReplicas();
            verifyJournal(data);
            check(!damages.isEmpty() || verifyIndex(data).isEmpty(), "index damaged: " + verifyIndex(data));
        } finally {
            target.kill();
        }
    }

    /** What {@code farshore journal verify} would say. */
    private void verifyJournal(final Path data) throws IOException {
        for (final JournalInspector journal : JournalInspector.find(files, data)) {
            if (journal.load()) {
                final JournalInspector.Walk walk = journal.walk((position, frame, buffer, offset, length) -> true);
                check(walk.found().damages().isEmpty() && walk.unreadableBlocks() == 0, "journal damaged: " + walk);
            }
        }
    }

    /**
     * What {@code farshore index verify} would say. The last page of a version file is written again at the next
     * checkpoint, and may be torn then: the index is made again from there on, from the journal.
     */
    private List<String> verifyIndex(final Path data) throws IOException {
        final List<String> damages = new ArrayList<>();
        for (final IndexInspector index : IndexInspector.find(files, data)) {
            if (index.load()) {
                index.walk(true).damages().stream()
                        .filter(damage -> !damage.startsWith(TORN_COPY))
                        .forEach(damages::add);
            }
        }
        return damages;
    }

    private static void check(final boolean holds, final String complaint) {
        if (!holds) {
            throw new AssertionError(complaint);
        }
    }

    private void connect() {
        connection = target.connect(++connections);
        until("the master target answers", () -> {
            if (!connection.isWelcomed()) {
                connection.hello();
            }
            return connection.isOpen() || connection.refusal() != null;
        });
        check(connection.refusal() == null, "the sender is sent away: " + connection.refusal());
        final long end = connection.nextSequence() - 1;
        check(end >= owed.durableSequence(), "acknowledged was " + owed.durableSequence() + ", there is " + end);
        check(end == script.endAtOrBelow(end), "Welcome names " + end + ", which is no END");
        check(
                connection.incarnation() > owed.incarnation(),
                "incarnation " + owed.incarnation() + " is given out again");
        findings.recovered(end, target.stream().apply().appliedSequence() > script.firstOrderedAt(2));
    }

    private void until(final String what, final BooleanSupplier condition) {
        for (int i = 0; i < STEPS_MAX; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
            for (final Agent agent : target.all()) {
                step(agent);
            }
            connection.poll();
            clocks.advance(STEP_NS);
        }
        throw new AssertionError("not within " + STEPS_MAX + " steps: " + what);
    }

    private static void step(final Agent agent) {
        try {
            agent.doWork();
        } catch (final RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new AssertionError(e);
        }
    }

    private StreamHistory history() {
        return target.stream().history();
    }

    private boolean isLevel() {
        final long durable = target.stream().journal().committer().durablePosition();
        return history().index().isReady()
                && history().index().indexedPosition() >= durable
                && isFollowed(connection.nextSequence() - 1);
    }

    private boolean isFollowed(final long end) {
        return end == 0
                || history()
                                .points()
                                .atSequence(end, Set.of(SourceScript.uuid(1)))
                                .refusal()
                        != PointChoice.Refusal.NOT_DURABLE;
    }

    private void judgePoints() {
        final Map<Integer, Set<Long>> offered = new HashMap<>();
        for (final int volume : SourceScript.VOLUMES) {
            offered.put(volume, new TreeSet<>());
        }
        final TreeSet<RecoveryPoint> points = new TreeSet<>(Comparator.comparingLong(RecoveryPoint::sequence));
        for (final int volume : SourceScript.VOLUMES) {
            for (final RecoveryPoint point : history().points().list(Set.of(SourceScript.uuid(volume)))) {
                offered.get(volume).add(point.sequence());
                points.add(point);
            }
        }
        for (final RecoveryPoint point : points) {
            final SourceScript.Barrier barrier = script.barriers().get(point.sequence());
            check(barrier != null, "point " + point.sequence() + " was never asked for");
            for (final RecoveryPoint.PointVolume volume : point.volumes()) {
                check(barrier.ordered().contains(volume.number()), point + " names volume " + volume.number());
                compareView(point, volume.number());
            }
        }
        checkKept(offered);
    }

    /** No point is given up that is younger than the window, nor the newest of a volume. */
    private void checkKept(final Map<Integer, Set<Long>> offered) {
        final long end = connection.nextSequence() - 1;
        final Set<Integer> newestSeen = new TreeSet<>();
        long newestNs = -1;
        for (final SourceScript.Barrier barrier :
                script.barriers().headMap(end, true).descendingMap().values()) {
            newestNs = newestNs < 0 && !barrier.ordered().isEmpty() ? barrier.captureNs() : newestNs;
            for (final int volume : barrier.ordered()) {
                final boolean isNewest = newestSeen.add(volume);
                final boolean isYoung = newestNs - barrier.captureNs() < LabTarget.WINDOW_NS;
                check(
                        !(isNewest || isYoung) || offered.get(volume).contains(barrier.sequence()),
                        "point " + barrier.sequence() + " of volume " + volume + " is not offered");
            }
        }
    }

    /** Some ENDs between the points, and the newest state of all. */
    private void judgeEnds() {
        final List<RecoveryPoint> whole = history().points().list(Set.of());
        if (whole.isEmpty()) {
            return;
        }
        final long end = connection.nextSequence() - 1;
        final long oldest = whole.get(0).sequence();
        final Set<Long> chosen = new TreeSet<>(Set.of(end));
        IntStream.range(0, 3)
                .forEach(i -> chosen.add(script.endAtOrBelow(oldest + dice.below((int) (end - oldest + 1)))));
        for (final long sequence : chosen) {
            for (final int volume : script.ends().get(sequence)) {
                final UUID uuid = SourceScript.uuid(volume);
                final PointChoice choice = history().points().atSequence(sequence, Set.of(uuid));
                check(choice.isGranted(), "END " + sequence + " of volume " + volume + " refused: " + choice.reason());
                compareView(choice.point(), volume);
            }
        }
        final PointChoice latest = history().points().latest(Set.of(SourceScript.uuid(1)));
        check(latest.isGranted(), "no newest state: " + latest.reason());
        compareView(latest.point(), 1);
    }

    private void compareView(final RecoveryPoint point, final int volume) {
        try (RecoveryView view = history().volumes().openView(point, SourceScript.uuid(volume), null);
                ViewAccess access = view.newAccess()) {
            bytes.clear();
            access.read(0, bytes);
        } catch (final ViewException e) {
            throw new AssertionError("volume " + volume + " at " + point.sequence() + " cannot be read: " + e, e);
        }
        bytes.flip().get(shown);
        compare("view of volume " + volume, volume, point.sequence());
        findings.compared(point.sequence(), volume);
    }

    private void compare(final String what, final int volume, final long sequence) {
        final int at = Arrays.mismatch(shown, oracle.volume(volume, sequence));
        check(at < 0, what + " at " + sequence + " is not its prefix: byte " + at);
    }

    /** Gives up the past, so that all of the journal is applied; then the replicas are the newest state. */
    private void judgeReplicas() throws IOException {
        final ApplyAgent apply = target.agents().applyAgent();
        final long end = connection.nextSequence() - 1;
        check(apply.offer(new ApplyAgent.SetRetention(target.stream(), 0)), "too many requests");
        until("all is applied", () -> target.stream().apply().appliedSequence() >= end);
        for (final int volume : SourceScript.VOLUMES) {
            if (end >= script.addedAt(volume)) {
                readReplica(volume);
                if (end >= script.firstOrderedAt(volume)) {
                    compare("replica of volume " + volume, volume, end);
                } else {
                    compareCopy(volume, end);
                }
                findings.replica();
            }
        }
    }

    private void readReplica(final int volume) throws IOException {
        final Path directory = target.data().resolve(LabConnection.MACHINE).resolve("volume" + volume);
        System.arraycopy(Files.readAllBytes(directory.resolve("replica.img")), 0, shown, 0, shown.length);
    }

    /** During the initial copy chunks go straight to the replica: those that were under way may be there, in part. */
    private void compareCopy(final int volume, final long end) {
        final byte[] least = oracle.volume(volume, end).clone();
        final byte[] most = oracle.volume(volume, script.firstOrderedAt(volume));
        for (int at = 0; at < shown.length; at += SECTOR_LENGTH) {
            final int to = at + SECTOR_LENGTH;
            check(
                    Arrays.equals(shown, at, to, least, at, to) || Arrays.equals(shown, at, to, most, at, to),
                    "copied sector at " + at + " of volume " + volume + " is nobody's");
        }
    }
}
