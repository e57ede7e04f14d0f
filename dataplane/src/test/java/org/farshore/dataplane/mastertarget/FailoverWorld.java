package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.failover.FailoverAgent;
import org.farshore.dataplane.failover.FailoverReport;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.farshore.dataplane.ship.StreamLimits;

/** A machine of two volumes with a history at a master target, and what both volumes held at every point. */
final class FailoverWorld {
    static final String[] NAMES = {"", "one", "two"};
    static final int SIZE = 24 * 4096;
    private static final int STEPS_MAX = 40_000;
    private static final long HOUR_NS = 3_600_000_000_000L;

    final TargetHarness target;
    final MessageWriter writer = new MessageWriter(TargetHarness.MACHINE_HIGH, TargetHarness.MACHINE_LOW);
    final byte[][] now = new byte[3][SIZE];
    /** Both volumes at each point, by sequence. */
    final TreeMap<Long, byte[][]> points = new TreeMap<>();

    private final Random random;
    TestSender sender;

    FailoverWorld(final long seed) {
        random = new Random(seed);
        target = new TargetHarness(seed);
        target.retentionWindowNs = HOUR_NS;
        target.segments = 24;
        target.start();
    }

    /** Connects as a source that holds a generation, and begins to write where Welcome says. */
    FailoverWorld connect(final long captureId, final int generation) {
        sender = target.connect();
        sender.hello(captureId, generation, StreamLimits.PROTOCOL_VERSION, 0);
        target.until(sender, () -> sender.isDataConnected() || sender.rejected != null);
        if (sender.rejected == null) {
            writer.begin(
                    sender.welcome.generation(),
                    sender.welcome.incarnation(),
                    sender.welcome.nextSequence(),
                    Math.max(0, sender.welcome.capturePosition()));
        }
        return this;
    }

    /** A life of some points with writes between them. */
    FailoverWorld live(final int pointCount) {
        if (sender.welcome.volumes().isEmpty()) {
            for (int volume = 1; volume <= 2; volume++) {
                send(writer.volumeAdded(volume, volume, SIZE, NAMES[volume]));
            }
        }
        for (int volume = 1; volume <= 2; volume++) {
            send(writer.volumeState(volume, WriteOrder.ORDERED, StateReason.CONVERGED));
        }
        for (int i = 0; i < pointCount; i++) {
            for (int j = random.nextInt(6); j >= 0; j--) {
                send(writer.batch(randomWrites()));
            }
            point();
        }
        settle();
        return this;
    }

    /** One more point, in a group of the journal of its own; answers where that begins. */
    long pointInAGroup() {
        final long begin = durablePosition();
        point();
        settle();
        return begin;
    }

    private void point() {
        send(writer.barrier(1, 2));
        points.put(writer.nextSequence() - 1, new byte[][] {{}, now[1].clone(), now[2].clone()});
    }

    /** The second volume is taken out of the source's settings. */
    void removeSecond() {
        send(writer.volumeRemoved(2));
        settle();
    }

    private List<Extent> randomWrites() {
        final List<Extent> extents = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            final int volume = 1 + random.nextInt(2);
            final byte[] bytes = new byte[512 * (1 + random.nextInt(20))];
            random.nextBytes(bytes);
            final int offset = 512 * random.nextInt((SIZE - bytes.length) / 512 + 1);
            System.arraycopy(bytes, 0, now[volume], offset, bytes.length);
            extents.add(Extent.write(volume, offset, bytes));
        }
        return extents;
    }

    private void send(final MessageWriter message) {
        final byte[] bytes = message.bytes();
        for (int i = 0; !sender.send(bytes); i++) {
            assertThat(i).as("can be sent; rejected " + sender.rejectText).isLessThan(STEPS_MAX);
            target.step();
            sender.poll();
        }
    }

    /** Until everything is durable and followed. */
    void settle() {
        target.until(sender, () -> sender.durableSequence >= writer.nextSequence() - 1 && isLevel());
    }

    private boolean isLevel() {
        return history().index().isReady()
                && history().isFollowed()
                && history().index().indexedPosition() >= durablePosition();
    }

    private long durablePosition() {
        return stream().journal().committer().durablePosition();
    }

    private TargetStream stream() {
        return target.target.applyAgent().streams().get(0);
    }

    StreamHistory history() {
        return stream().history();
    }

    /** The point with this sequence. */
    RecoveryPoint point(final long sequence) {
        final PointChoice choice = history().points().atSequence(sequence, List.of());
        assertThat(choice.reason()).isEmpty();
        return choice.point();
    }

    /** The sequence of the n-th point from the newest. */
    long sequence(final int fromNewest) {
        return points.descendingKeySet().stream().skip(fromNewest).findFirst().orElseThrow();
    }

    FailoverAgent failover() {
        return target.target.failoverAgent();
    }

    <T> T carriedOut(final FailoverAgent.Order<T> order) {
        step(order::isDone);
        return order.value();
    }

    void step(final java.util.function.BooleanSupplier until) {
        for (int i = 0; !until.getAsBoolean(); i++) {
            assertThat(i).as("comes to an end").isLessThan(STEPS_MAX);
            target.step();
            if (sender != null) {
                sender.poll();
            }
        }
    }

    /** Refuses the source and waits until nothing of it is under way. */
    void fence() {
        carriedOut(failover().fence(TargetHarness.MACHINE));
        step(() -> stream().fence().isObeyed() && isLevel());
        if (sender != null) {
            step(() -> sender.rejected != null);
            assertThat(sender.rejected).isEqualTo(RejectReason.STALE_GENERATION);
        }
    }

    ViewReport failOver(final long sequence) {
        fence();
        return carriedOut(failover().failOver(TargetHarness.MACHINE, point(sequence)));
    }

    FailoverReport report() {
        return carriedOut(failover().report(TargetHarness.MACHINE));
    }

    /** Lets a commit go on until it is done. */
    void commit() {
        carriedOut(failover().commit(TargetHarness.MACHINE));
        step(() -> report().phase() == FailoverPhase.COMMITTED
                || !report().complaint().isEmpty());
        assertThat(report().complaint()).isEmpty();
    }

    byte[] read(final ViewReport view, final int volume) {
        return read(view.id() + "/" + NAMES[volume]);
    }

    byte[] read(final String export) {
        try (ViewAccess access = target.exports.views.get(export).newAccess()) {
            final ByteBuffer bytes = ByteBuffer.allocate(SIZE);
            access.read(0, bytes);
            return bytes.array();
        } catch (final ViewException e) {
            throw new AssertionError(export + " cannot be read: " + e, e);
        }
    }

    /** Writes to a view at random, flushes, and answers what both volumes hold then. */
    byte[][] use(final ViewReport view, final byte[][] before) {
        final byte[][] expected = {{}, before[1].clone(), before[2].clone()};
        for (int volume = 1; volume <= 2; volume++) {
            try (ViewAccess access =
                    target.exports.views.get(view.id() + "/" + NAMES[volume]).newAccess()) {
                for (int i = 0; i < 6; i++) {
                    final byte[] bytes = new byte[512 * (1 + random.nextInt(16))];
                    random.nextBytes(bytes);
                    final int offset = 512 * random.nextInt((SIZE - bytes.length) / 512 + 1);
                    if (i == 3) {
                        access.zero(offset, bytes.length);
                        java.util.Arrays.fill(expected[volume], offset, offset + bytes.length, (byte) 0);
                    } else {
                        access.write(offset, ByteBuffer.wrap(bytes));
                        System.arraycopy(bytes, 0, expected[volume], offset, bytes.length);
                    }
                }
                access.flush();
            } catch (final ViewException e) {
                throw new AssertionError("volume " + volume + " cannot be written: " + e, e);
            }
        }
        return expected;
    }

    /** The target process ends and starts again; the sender is gone. */
    void restart(final org.farshore.dataplane.runtime.SimulatedDisk.Survival survival) {
        target.disk.restart(survival);
        sender = null;
        target.start();
        step(this::isLevel);
    }
}
