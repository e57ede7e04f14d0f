package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_HIGH;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_LOW;
import static org.farshore.dataplane.mastertarget.TargetHarness.filled;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A volume that is announced a second time, while writes of its first time are still in the journal only: its owner took it
 * out and in again, or the record of its begin was lost. It is copied anew, and no block of that copy may be overtaken later
 * by an older write.
 */
class TargetReturningVolumeTest {
    private static final int SIZE = 1 << 20;
    private static final int SEGMENT_LENGTH = 256 << 10;
    private static final long CAPTURE = 99;
    private static final int REST_STEPS = 500;
    private static final UUID DATA = new UUID(8, ~8L);
    private static final Path SEGMENT =
            TargetHarness.DATA.resolve(MACHINE).resolve("journal").resolve("segment-00000");

    private final TargetHarness target = new TargetHarness(12);
    private final MessageWriter writer = new MessageWriter(MACHINE_HIGH, MACHINE_LOW);
    private TestSender sender;
    private long addedPosition;

    @BeforeEach
    void keepAVolumeAndWriteToAnother() {
        target.retentionWindowNs = 60_000_000_000L;
        sender = target.start().welcomed(CAPTURE);
        writer.begin(1, 1, 1, 0);
        send(writer.volumeAdded(1, 7, SIZE, "kept"));
        send(writer.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED));
        send(writer.barrier(1));
        addedPosition = durablePosition();
        send(writer.volumeAdded(2, 8, SIZE, "data"));
        send(writer.volumeState(2, WriteOrder.ORDERED, StateReason.CONVERGED));
        send(writer.barrier(1, 2));
        send(writer.batch(Extent.write(2, 0, filled(4096, 1))));
        send(writer.barrier(1, 2));
    }

    @Test
    void aVolumeTakenOutAndInAgainIsNotOvertakenByItsOlderWrites() {
        send(writer.volumeRemoved(2));
        copyAnew();
        expectTheCopy();
    }

    @Test
    void pointsOfItsFirstTimeShowNothingOfTheCopy() {
        final long sequence = writer.endSequence();
        send(writer.volumeRemoved(2));
        copyAnew();
        final StreamHistory history = history();
        target.until(sender, () -> isOffered(history));
        final RecoveryPoint point = history.points().list(Set.of(DATA)).stream()
                .filter(one -> one.sequence() == sequence)
                .findFirst()
                .orElseThrow();
        assertThat(byteAt(4096, point)).as("never written in its first time").isZero();
        assertThat(byteAt(0, point)).isEqualTo((byte) 1);
    }

    @Test
    void norWhenTheRoleStopsBeforeItIsCopied() {
        send(writer.volumeRemoved(2));
        send(writer.volumeAdded(2, 8, SIZE, "data"));
        restart();
        copyAnew();
        expectTheCopy();
    }

    @Test
    void norIsOneWhoseFirstRecordRotted() {
        target.disk.flip(SEGMENT, addedPosition % SEGMENT_LENGTH + 200, 0x20);
        restart();
        copyAnew();
        expectTheCopy();
    }

    @Test
    void norWhenTheRoleStopsAgainBeforeItIsCopied() {
        target.disk.flip(SEGMENT, addedPosition % SEGMENT_LENGTH + 200, 0x20);
        restart();
        send(writer.volumeAdded(2, 8, SIZE, "data"));
        restart();
        copyAnew();
        expectTheCopy();
    }

    private void copyAnew() {
        if (sender.welcome.volumes().size() < 2) {
            send(writer.volumeAdded(2, 8, SIZE, "data"));
        }
        send(writer.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED));
        send(writer.batch(new Extent(2, ExtentKind.CHUNK, 0, 8192, filled(8192, 2), true, false)));
        send(writer.volumeState(2, WriteOrder.ORDERED, StateReason.CONVERGED));
        send(writer.barrier(1, 2));
    }

    private void expectTheCopy() {
        final StreamHistory history = history();
        target.until(sender, () -> isOffered(history));
        final RecoveryPoint newest = history.points().latest(Set.of(DATA)).point();
        assertThat(byteAt(0, newest)).as("at the newest point").isEqualTo((byte) 2);

        final ApplyAgent apply = target.target.applyAgent();
        apply.offer(new ApplyAgent.SetRetention(apply.streams().get(0), 0));
        target.untilApplied(sender, writer.endSequence());
        assertThat(target.replica("data")[0]).as("in the replica").isEqualTo((byte) 2);
    }

    private StreamHistory history() {
        return target.target.followAgent().histories().get(0);
    }

    private boolean isOffered(final StreamHistory history) {
        final PointChoice latest = history.points().latest(Set.of(DATA));
        return latest.isGranted() && latest.point().sequence() == writer.endSequence();
    }

    private byte byteAt(final long offset, final RecoveryPoint point) {
        try (RecoveryView view = history().volumes().openView(point, DATA, null);
                ViewAccess access = view.newAccess()) {
            final ByteBuffer bytes = ByteBuffer.allocate(512);
            access.read(offset, bytes);
            return bytes.get(0);
        } catch (final ViewException e) {
            throw new AssertionError(e);
        }
    }

    /** Damage is found by several readers one after the other; each time the sender has to begin anew. */
    private void restart() {
        target.disk.restart(Survival.NONE);
        target.start();
        do {
            sender = target.welcomed(CAPTURE);
            for (int i = 0; i < REST_STEPS; i++) {
                target.step();
                sender.poll();
            }
        } while (sender.rejected != null);
        writer.begin(1, sender.welcome.incarnation(), sender.welcome.nextSequence(), 0);
    }

    private long durablePosition() {
        return target.counters.get(ReplicationCounter.JOURNAL_DURABLE_POSITION, MACHINE);
    }

    private void send(final MessageWriter message) {
        final byte[] bytes = message.bytes();
        target.until(sender, () -> sender.send(bytes));
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
    }
}
