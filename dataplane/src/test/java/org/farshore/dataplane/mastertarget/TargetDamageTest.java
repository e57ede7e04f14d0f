package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_HIGH;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_LOW;
import static org.farshore.dataplane.mastertarget.TargetHarness.filled;

import java.nio.file.Path;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Journal that rots after it was acknowledged and before it is applied, with the stream alive and over restarts. */
class TargetDamageTest {
    private static final int SIZE = 1 << 20;
    private static final int SEGMENT_LENGTH = 256 << 10;
    private static final long CAPTURE = 99;
    private static final Path SEGMENT =
            TargetHarness.DATA.resolve(MACHINE).resolve("journal").resolve("segment-00000");

    private final TargetHarness target = new TargetHarness(12);
    private final MessageWriter writer = new MessageWriter(MACHINE_HIGH, MACHINE_LOW);
    private TestSender sender;

    @BeforeEach
    void acknowledgeTwoWritesAndLetTheFirstRot() {
        sender = target.start().welcomed(CAPTURE);
        writer.begin(1, 1, 1, 0);
        send(writer.volumeAdded(1, 7, SIZE, "data"));
        send(writer.batch(Extent.write(1, 0, filled(4096, 1))));
        target.untilApplied(sender, writer.endSequence());
        final long applied = target.counters.get(ReplicationCounter.JOURNAL_APPLIED_POSITION, MACHINE);
        write(2, 0);
        write(3, 8192);
        target.disk.flip(SEGMENT, applied % SEGMENT_LENGTH + 200, 0x20);
    }

    private void write(final int value, final int offset) {
        send(writer.batch(Extent.write(1, offset, filled(4096, value))));
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
    }

    @Test
    void shouldMakeALivingSenderCompareAndApplyNothingBehindUntilThen() {
        target.until(sender, () -> sender.rejected != null);
        assertThat(sender.rejectText).contains("compare");
        rest();
        assertThat(target.replica("data")[0]).isEqualTo((byte) 1);
        assertThat(target.replica("data")[8192]).as("behind the damage").isZero();

        sender = target.welcomed(CAPTURE);
        assertThat(sender.welcome.captureIdHigh()).as("no capture is held").isZero();
        assertThat(sender.welcome.nextSequence()).isEqualTo(writer.endSequence() + 1);
        writer.begin(1, sender.welcome.incarnation(), sender.welcome.nextSequence(), 0);
        write(4, 16384);
        target.untilApplied(sender, writer.endSequence());
        assertThat(target.replica("data")[8192]).isEqualTo((byte) 3);
        assertThat(target.replica("data")[16384]).isEqualTo((byte) 4);
    }

    @Test
    void shouldNotForgetTheDamageOverRestartsBeforeTheSenderCompares() {
        target.until(sender, () -> sender.rejected != null);
        for (int i = 0; i < 3; i++) {
            target.disk.restart(Survival.NONE);
            target.start();
            rest();
            assertThat(target.replica("data")[8192]).as("behind the damage").isZero();
        }
        sender = target.welcomed(CAPTURE);
        assertThat(sender.welcome.captureIdHigh()).isZero();

        target.disk.restart(Survival.NONE);
        sender = target.start().welcomed(CAPTURE);
        assertThat(sender.welcome.capturePosition())
                .as("nothing of this capture")
                .isNegative();
    }

    @Test
    void shouldGoOnAfterARestartWithWritesOfAVolumeWhoseRecordWasPassed() {
        target.until(sender, () -> sender.rejected != null);
        sayHelloAgain();
        write(4, 16384);
        target.untilApplied(sender, writer.endSequence());

        final long added = target.counters.get(ReplicationCounter.JOURNAL_DURABLE_POSITION, MACHINE);
        send(writer.volumeAdded(2, 8, SIZE, "more"));
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
        target.disk.flip(SEGMENT, added % SEGMENT_LENGTH + 200, 0x20);
        target.until(sender, () -> sender.rejected != null);
        sayHelloAgain();
        write(5, 16384);
        target.untilApplied(sender, writer.endSequence());
        send(writer.batch(Extent.write(2, 0, filled(4096, 6))));
        target.until(sender, () -> sender.durableSequence == writer.endSequence());

        target.disk.restart(Survival.NONE);
        target.start();
        sayHelloAgain();
        assertThat(sender.welcome.volumes())
                .as("the other is to be announced again")
                .hasSize(1);
        send(writer.volumeAdded(2, 8, SIZE, "more"));
        send(writer.batch(Extent.write(2, 0, filled(4096, 7))));
        target.untilApplied(sender, writer.endSequence());
        assertThat(target.replica("more")[0]).isEqualTo((byte) 7);
    }

    private void sayHelloAgain() {
        sender = target.welcomed(CAPTURE);
        writer.begin(1, sender.welcome.incarnation(), sender.welcome.nextSequence(), 0);
    }

    private void rest() {
        for (int i = 0; i < 5000; i++) {
            target.step();
            sender.poll();
        }
    }

    private void send(final MessageWriter message) {
        final byte[] bytes = message.bytes();
        target.until(sender, () -> sender.send(bytes));
    }
}
