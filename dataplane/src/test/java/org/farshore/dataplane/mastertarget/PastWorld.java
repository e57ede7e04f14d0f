package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/**
 * A machine with two volumes whose master target keeps a window of the past: random writes, a barrier each 100 ms of its
 * clock, now and then a resync of the second volume; and what both volumes held behind every sequence, kept whole. The
 * target may stop at any operation of its disk; the sender then goes on where Welcome says.
 */
final class PastWorld {
    static final long WINDOW_NS = 2_000_000_000L;
    static final int SIZE = 32 * 4096;
    private static final long BARRIER_NS = 100_000_000L;
    private static final long CAPTURE = 9;
    private static final int STEPS_MAX = 40_000;
    private static final int[] VOLUMES = {1, 2};

    final TargetHarness target;
    final MessageWriter writer = new MessageWriter(TargetHarness.MACHINE_HIGH, TargetHarness.MACHINE_LOW);
    private final Random random;
    private final byte[][] now = new byte[3][SIZE];
    private final TreeMap<Long, Past> pasts = new TreeMap<>();
    private final List<HeldView> held = new ArrayList<>();
    private boolean secondOrdered = true;
    private TestSender sender;
    private long acknowledged;
    private boolean begun;
    private int patience;
    private long barrierNs;
    int stops;
    int viewsChecked;

    /** What is behind a sequence; {@code ordered} is empty where there is no barrier. */
    private record Past(byte[] one, byte[] two, long captureNs, Set<Integer> ordered, boolean secondOrdered) {
        byte[] of(final int volume) {
            return volume == 1 ? one : two;
        }
    }

    private record HeldView(RecoveryView view, ViewAccess access, byte[] expected, long sequence) {}

    PastWorld(final long seed) {
        target = new TargetHarness(seed);
        target.retentionWindowNs = WINDOW_NS;
        target.segments = 40;
        random = new Random(seed);
        pasts.put(0L, new Past(new byte[SIZE], new byte[SIZE], 0, Set.of(), true));
    }

    /** Plays until the machine's clock shows a time; a stop of the target does not end it. */
    PastWorld play(final long untilNs) {
        while (target.clocks.nanoTime() < untilNs) {
            try {
                turn();
            } catch (final SimulatedCrash e) {
                stop(Survival.RANDOM);
            }
        }
        return this;
    }

    void stop(final Survival survival) {
        stops++;
        target.disk.restart(survival);
        held.clear();
        sender = null;
    }

    private void turn() {
        if (sender == null) {
            target.start();
            connect();
        }
        target.step();
        sender.poll();
        if (sender.durableSequence > acknowledged) {
            acknowledged = sender.durableSequence;
            // Only cuts can be asked for, and a connection begins nowhere below what was acknowledged.
            pasts.headMap(acknowledged).values().removeIf(past -> past.ordered.isEmpty());
        }
        if (sender.rejected != null) {
            throw new AssertionError("rejected: " + sender.rejected + " " + sender.rejectText);
        }
        if (sender.welcome == null) {
            if (patience++ % 50 == 0) {
                sender.hello(CAPTURE);
            }
        } else if (!begun) {
            onWelcome();
        } else if (sender.isDataConnected()) {
            act();
        }
    }

    private void connect() {
        sender = target.connect();
        begun = false;
    }

    private void onWelcome() {
        begun = true;
        final long end = sender.welcome.nextSequence() - 1;
        assertThat(end).as("nothing acknowledged is lost").isGreaterThanOrEqualTo(acknowledged);
        assertThat(pasts).containsKey(end);
        pasts.tailMap(end, false).clear();
        for (final int volume : VOLUMES) {
            System.arraycopy(pasts.get(end).of(volume), 0, now[volume], 0, SIZE);
        }
        secondOrdered = pasts.get(end).secondOrdered;
        writer.begin(
                sender.welcome.generation(),
                sender.welcome.incarnation(),
                end + 1,
                Math.max(0, sender.welcome.capturePosition()));
        checkPoints();
    }

    private void act() {
        final long nowNs = target.clocks.nanoTime();
        writer.captureTimeNs(nowNs);
        if (pasts.lastKey() < 2) {
            final int volume = (int) (pasts.lastKey() + 1);
            send(writer.volumeAdded(volume, volume, SIZE, volume == 1 ? "one" : "two"), Set.of());
        } else if (pasts.lastKey() < 4) {
            send(writer.volumeState((int) (pasts.lastKey() - 1), WriteOrder.ORDERED, StateReason.CONVERGED), Set.of());
        } else if (nowNs - barrierNs >= BARRIER_NS) {
            barrier();
        } else if (random.nextInt(12) == 0) {
            write();
        } else if (random.nextInt(secondOrdered ? 3000 : 300) == 0) {
            secondOrdered ^= true;
            final WriteOrder order = secondOrdered ? WriteOrder.ORDERED : WriteOrder.CONVERGING;
            send(writer.volumeState(2, order, StateReason.GAP), Set.of());
        } else if (random.nextInt(400) == 0) {
            checkPoints();
        } else if (random.nextInt(600) == 0) {
            holdAView();
        } else if (!held.isEmpty() && random.nextInt(600) == 0) {
            release(held.remove(random.nextInt(held.size())));
        }
    }

    private void barrier() {
        barrierNs = target.clocks.nanoTime();
        if (secondOrdered) {
            send(writer.barrier(1, 2), Set.of(1, 2));
        } else {
            send(writer.barrier(1), Set.of(1));
        }
    }

    private void write() {
        final List<Extent> extents = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            final int volume = 1 + random.nextInt(2);
            final int sectors = 1 + random.nextInt(random.nextBoolean() ? 8 : 24);
            final int offset = 512 * random.nextInt(SIZE / 512 - sectors);
            final byte[] bytes = new byte[sectors * 512];
            if (random.nextInt(8) == 0) {
                extents.add(Extent.empty(volume, ExtentKind.DISCARD, offset, bytes.length));
            } else {
                random.nextBytes(bytes);
                extents.add(
                        volume == 2 && !secondOrdered
                                ? chunk(volume, offset, bytes)
                                : Extent.write(volume, offset, bytes));
            }
        }
        for (final Extent extent : extents) {
            final byte[] bytes = extent.payload() == null ? new byte[(int) extent.length()] : extent.payload();
            System.arraycopy(bytes, 0, now[extent.volume()], (int) extent.offset(), bytes.length);
        }
        send(writer.batch(extents), Set.of());
    }

    private Extent chunk(final int volume, final int offset, final byte[] bytes) {
        return new Extent(volume, ExtentKind.CHUNK, offset, bytes.length, bytes, true, false);
    }

    private void send(final MessageWriter message, final Set<Integer> ordered) {
        final byte[] bytes = message.bytes();
        final long last = message.nextSequence() - 1;
        pasts.put(last, new Past(now[1].clone(), now[2].clone(), target.clocks.nanoTime(), ordered, secondOrdered));
        for (int i = 0; !sender.send(bytes); i++) {
            if (sender.rejected != null || i > STEPS_MAX) {
                throw new AssertionError("cannot be sent: " + sender.rejected + " " + sender.rejectText);
            }
            if (i > STEPS_MAX / 2 && !held.isEmpty()) {
                // A full journal that a view holds stays full.
                release(held.remove(0));
            }
            target.step();
            sender.poll();
        }
    }

    StreamHistory history() {
        return target.target.followAgent().histories().get(0);
    }

    /** Every point that must be there is there, and shows what the volumes held. */
    void checkPoints() {
        if (pasts.lastKey() < 5 || target.target.followAgent().histories().isEmpty()) {
            return;
        }
        settle();
        final Map<Integer, Set<Long>> offered = new HashMap<>();
        for (final int volume : VOLUMES) {
            offered.put(volume, new HashSet<>());
            for (final RecoveryPoint point : history().points().list(Set.of(uuid(volume)))) {
                offered.get(volume).add(point.sequence());
                if (random.nextInt(4) == 0) {
                    checkView(point, volume);
                }
            }
        }
        checkKept(offered);
        for (final HeldView view : held) {
            assertThat(read(view.access)).as("held view of " + view.sequence).isEqualTo(view.expected);
        }
    }

    /** Until index and points have followed what is durable. */
    private void settle() {
        for (int i = 0; i < STEPS_MAX && !isLevel(); i++) {
            target.step();
            sender.poll();
        }
        assertThat(isLevel()).as("history follows the journal").isTrue();
        acknowledged = Math.max(acknowledged, sender.durableSequence);
    }

    private boolean isLevel() {
        final Journal journal = target.target.applyAgent().streams().get(0).journal();
        if (!history().index().isReady()
                || history().index().indexedPosition() < journal.committer().durablePosition()) {
            return false;
        }
        final PointChoice latest = history().points().latest(Set.of(uuid(1)));
        return !latest.isGranted()
                || latest.point().sequence() >= journal.writer().durableEndSequence();
    }

    private void checkKept(final Map<Integer, Set<Long>> offered) {
        final Map<Integer, Long> newest = new HashMap<>();
        long newestNs = -1;
        for (final Map.Entry<Long, Past> entry :
                pasts.headMap(acknowledged, true).descendingMap().entrySet()) {
            final Past past = entry.getValue();
            newestNs = newestNs < 0 && !past.ordered.isEmpty() ? past.captureNs : newestNs;
            for (final int volume : past.ordered) {
                final boolean isNewest = newest.putIfAbsent(volume, entry.getKey()) == null;
                if (isNewest || newestNs - past.captureNs < WINDOW_NS) {
                    assertThat(offered.get(volume))
                            .as("point " + entry.getKey() + " of volume " + volume + " is kept; newest " + newestNs
                                    + ", this " + past.captureNs)
                            .contains(entry.getKey());
                }
            }
        }
    }

    private static UUID uuid(final int volume) {
        return new UUID(volume, ~(long) volume);
    }

    private void checkView(final RecoveryPoint point, final int volume) {
        try (RecoveryView view = history().volumes().openView(point, uuid(volume), null);
                ViewAccess access = view.newAccess()) {
            viewsChecked++;
            assertThat(Arrays.mismatch(read(access), pasts.get(point.sequence()).of(volume)))
                    .as("volume " + volume + " at point " + point.sequence())
                    .isEqualTo(-1);
        } catch (final ViewException e) {
            throw new AssertionError("point " + point.sequence() + ": " + e, e);
        }
    }

    private void holdAView() {
        final List<RecoveryPoint> points = history().points().list(Set.of(uuid(1)));
        if (points.isEmpty() || held.size() > 2) {
            return;
        }
        final RecoveryPoint point = points.get(random.nextInt(points.size()));
        try {
            final RecoveryView view = history().volumes().openView(point, uuid(1), null);
            held.add(new HeldView(view, view.newAccess(), pasts.get(point.sequence()).one, point.sequence()));
        } catch (final ViewException e) {
            throw new AssertionError("point " + point.sequence() + ": " + e, e);
        }
    }

    private static void release(final HeldView view) {
        view.access.close();
        view.view.close();
    }

    private static byte[] read(final ViewAccess access) {
        final ByteBuffer bytes = ByteBuffer.allocate(SIZE);
        try {
            access.read(0, bytes);
        } catch (final ViewException e) {
            throw new AssertionError("cannot be read: " + e, e);
        }
        return bytes.array();
    }

    /** Gives up the past and waits until the replicas are what the machine has. */
    void drain() {
        held.forEach(PastWorld::release);
        held.clear();
        final ApplyAgent apply = target.target.applyAgent();
        assertThat(apply.offer(new ApplyAgent.SetRetention(apply.streams().get(0), 0)))
                .isTrue();
        target.untilApplied(sender, pasts.lastKey());
        assertThat(target.replica("one")).isEqualTo(now[1]);
        assertThat(target.replica("two")).isEqualTo(now[2]);
    }
}
