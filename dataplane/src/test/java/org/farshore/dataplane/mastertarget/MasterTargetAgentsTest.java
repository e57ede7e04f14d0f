package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_HIGH;
import static org.farshore.dataplane.mastertarget.TargetHarness.MACHINE_LOW;
import static org.farshore.dataplane.mastertarget.TargetHarness.filled;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.Test;

class MasterTargetAgentsTest {
    private static final int SIZE = 1 << 20;
    private static final long CAPTURE = 99;

    private final TargetHarness target = new TargetHarness(3);
    private final MessageWriter writer = new MessageWriter(MACHINE_HIGH, MACHINE_LOW);

    @Test
    void shouldWelcomeAnUnknownMachineFromTheBeginning() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        assertThat(sender.welcome.nextSequence()).isEqualTo(1);
        assertThat(sender.welcome.incarnation()).isEqualTo(1);
        assertThat(sender.welcome.captureIdHigh()).isZero();
        assertThat(sender.welcome.volumes()).isEmpty();
    }

    @Test
    void shouldBringWritesIntoTheReplicaAndSayHowFar() {
        final TestSender sender = begin();
        send(sender, writer.batch(Extent.write(1, 4096, filled(4096, 7)), Extent.write(1, 4608, filled(512, 8))));
        send(sender, writer.compress(true).batch(Extent.write(1, 65536, filled(32768, 9))));
        send(sender, writer.batch(Extent.empty(1, ExtentKind.ZERO, 69632, 4096)));
        target.untilApplied(sender, writer.endSequence());
        assertThat(sender.durableSequence).isEqualTo(writer.endSequence());
        assertThat(sender.durableCapturePosition).isEqualTo(writer.capturePosition());
        final byte[] replica = target.replica("data");
        assertThat(replica).hasSize(SIZE);
        assertThat(replica[4096]).isEqualTo((byte) 7);
        assertThat(replica[4608]).isEqualTo((byte) 8);
        assertThat(replica[5120]).isEqualTo((byte) 7);
        assertThat(replica[65536]).isEqualTo((byte) 9);
        assertThat(replica[69632]).isZero();
        assertThat(replica[73728]).isEqualTo((byte) 9);
    }

    @Test
    void shouldAcknowledgeNothingBeforeItIsSynced() {
        final TestSender sender = begin();
        final long before = sender.durableSequence;
        send(sender, writer.batch(Extent.write(1, 0, filled(512, 1))));
        for (int i = 0; i < 1000; i++) {
            target.step(0);
            target.clocks.advance(1_000_000);
            sender.poll();
        }
        assertThat(sender.durableSequence).isEqualTo(before);
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
    }

    @Test
    void shouldNumberExactlyBehindTheNewestEndAfterARestart() {
        final TestSender sender = begin();
        send(sender, writer.batch(Extent.write(1, 0, filled(512, 1))));
        final long end = writer.endSequence();
        final long position = writer.capturePosition();
        send(sender, writer.batch(Extent.open(1, 0, filled(512, 2)), Extent.open(1, 512, filled(512, 2))));
        target.until(sender, () -> sender.durableSequence == end);
        settle(sender);
        target.disk.restart(SimulatedDisk.Survival.ALL);
        final TestSender again = target.start().welcomed(CAPTURE);
        assertThat(again.welcome.nextSequence()).isEqualTo(end + 1);
        assertThat(again.welcome.capturePosition()).isEqualTo(position);
        assertThat(again.welcome.captureIdHigh()).isEqualTo(CAPTURE);
        assertThat(again.welcome.incarnation()).isEqualTo(2);
        assertThat(again.welcome.volumes()).containsExactly("7:" + SIZE + ":1:UNKNOWN:0");
        writer.begin(1, 2, end + 1, position);
        send(again, writer.batch(Extent.write(1, 1024, filled(512, 3))));
        target.untilApplied(again, writer.endSequence());
        assertThat(target.replica("data")[0]).as("void pieces are not applied").isEqualTo((byte) 1);
        assertThat(target.replica("data")[512]).isZero();
        assertThat(target.replica("data")[1024]).isEqualTo((byte) 3);
    }

    @Test
    void shouldTakeChunksWithATableThatFindsNoRoomWithoutItsPayload() {
        final TestSender sender = begin();
        final Extent[] chunks = new Extent[110];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = Extent.chunk(1, i * 4096L, filled(512, i));
        }
        send(sender, writer.entryLength(80).batch(chunks));
        target.untilApplied(sender, writer.endSequence());
        assertThat(sender.rejected).isNull();
        assertThat(target.replica("data")[109 * 4096]).isEqualTo((byte) 109);
    }

    @Test
    void shouldNotTakeAnEmptyFileForAReplicaThatIsGone() throws Exception {
        final TestSender sender = begin();
        send(sender, writer.batch(Extent.write(1, 0, filled(512, 1))));
        target.untilApplied(sender, writer.endSequence());
        target.disk.restart(SimulatedDisk.Survival.ALL);
        target.disk.delete(TargetHarness.DATA.resolve(MACHINE).resolve("data").resolve("replica.img"));
        for (int i = 0; i < 2; i++) {
            final TestSender again = target.start().welcomed(CAPTURE);
            assertThat(again.rejected).isEqualTo(RejectReason.REPLICA_REFUSED);
            assertThat(again.rejectText).contains("is gone");
            target.disk.restart(SimulatedDisk.Survival.ALL);
        }
    }

    @Test
    void shouldServeAMachineThoughTheClaimOfAVolumeThatLeftIsDamaged() {
        final TestSender sender = begin();
        send(sender, writer.volumeAdded(2, 8, SIZE, "gone"));
        send(sender, writer.volumeRemoved(2));
        target.untilApplied(sender, writer.endSequence());
        final Path claim = TargetHarness.DATA.resolve(MACHINE).resolve("gone").resolve("replica.properties");
        final int dash = new String(target.file(claim), StandardCharsets.UTF_8).indexOf('-');
        target.disk.flip(claim, dash, 0x20);
        target.disk.restart(SimulatedDisk.Survival.ALL);
        assertThat(target.start().welcomed(CAPTURE).welcome.volumes()).hasSize(1);
    }

    @Test
    void shouldApplyAnOpenWriteOnceItIsClosed() {
        final TestSender sender = begin();
        send(sender, writer.batch(Extent.write(1, 0, filled(512, 1)), Extent.open(1, 512, filled(512, 2))));
        final long end = writer.endSequence();
        target.untilApplied(sender, end);
        assertThat(target.replica("data")[512]).isZero();
        send(sender, writer.batch(Extent.open(1, 1024, filled(512, 3))));
        settle(sender);
        assertThat(target.replica("data")[512]).isZero();
        send(sender, writer.batch(Extent.write(1, 1536, filled(512, 4))));
        target.untilApplied(sender, writer.endSequence());
        final byte[] replica = target.replica("data");
        assertThat(replica[512]).isEqualTo((byte) 2);
        assertThat(replica[1024]).isEqualTo((byte) 3);
        assertThat(replica[1536]).isEqualTo((byte) 4);
    }

    @Test
    void shouldNotLetAnotherCaptureGoOnAtAPositionThatIsNotItsOwn() {
        final TestSender sender = begin();
        send(sender, writer.batch(Extent.write(1, 0, filled(512, 1))));
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
        sender.goodbye();
        settle(sender);
        final TestSender other = target.welcomed(CAPTURE + 1);
        assertThat(other.welcome.captureIdHigh()).isEqualTo(CAPTURE);
        target.disk.restart(SimulatedDisk.Survival.ALL);
        final TestSender again = target.start().welcomed(CAPTURE + 1);
        assertThat(again.welcome.captureIdHigh()).isEqualTo(CAPTURE + 1);
        assertThat(again.welcome.capturePosition()).isEqualTo(-1);
    }

    @Test
    void shouldEndAConnectionThatSkipsASequenceAndGoOnWithTheNext() {
        final TestSender sender = begin();
        writer.batch(Extent.write(1, 0, filled(512, 1)));
        send(sender, writer.batch(Extent.write(1, 0, filled(512, 2))));
        target.until(sender, () -> sender.rejected != null);
        assertThat(sender.rejected).isEqualTo(RejectReason.PROTOCOL);
        assertThat(sender.rejectText).contains("where 2 is next");
        assertThat(target.counters.get(ReplicationCounter.MALFORMED, "")).isEqualTo(1);
        final TestSender again = target.welcomed(CAPTURE);
        assertThat(again.welcome.nextSequence()).isEqualTo(2);
        assertThat(again.welcome.incarnation()).isEqualTo(2);
    }

    @Test
    void shouldRefuseAnotherCaptureOfAMachineThatIsAlive() {
        final TestSender sender = begin();
        final TestSender clone = target.connect();
        clone.hello(CAPTURE + 1);
        target.until(clone, () -> clone.rejected != null);
        assertThat(clone.rejected).isEqualTo(RejectReason.DUPLICATE_MACHINE);
        send(sender, writer.batch(Extent.write(1, 0, filled(512, 2))));
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
    }

    @Test
    void shouldRefuseAnotherCaptureForTenSecondsUnlessThereWasAGoodbye() {
        final TestSender sender = begin();
        sender.close();
        settle(sender);
        final TestSender early = target.connect();
        early.hello(CAPTURE + 1);
        target.until(early, () -> early.rejected != null);
        assertThat(early.rejected).isEqualTo(RejectReason.DUPLICATE_MACHINE);
        target.clocks.advance(10_000_000_000L);
        assertThat(target.welcomed(CAPTURE + 1).welcome).isNotNull();
    }

    @Test
    void shouldLetTheSameCaptureTakeOverAtOnce() {
        final TestSender sender = begin();
        final TestSender again = target.welcomed(CAPTURE);
        assertThat(again.welcome.incarnation()).isEqualTo(2);
        sender.poll();
        assertThat(sender.rejected).isEqualTo(RejectReason.SUPERSEDED);
    }

    @Test
    void shouldAnswerARepeatedHelloWithTheSameWelcome() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        sender.hello(CAPTURE);
        settle(sender);
        assertThat(sender.welcomes).as("at once: on its way already").isEqualTo(1);
        sender.hello(CAPTURE);
        target.until(sender, () -> sender.welcomes == 2);
        assertThat(sender.welcome.incarnation()).isEqualTo(1);
    }

    @Test
    void shouldRefuseMachinesThatAreNotLetIn() {
        target.machines = Set.of(MACHINE);
        target.start();
        final TestSender stranger = target.connect(0x3333);
        stranger.hello(CAPTURE);
        target.until(stranger, () -> stranger.rejected != null);
        assertThat(stranger.rejected).isEqualTo(RejectReason.UNKNOWN_MACHINE);
        assertThat(stranger.rejectText).contains("farshore.master-target.machines");
        assertThat(target.welcomed(CAPTURE).welcome).isNotNull();
    }

    @Test
    void shouldEndALinkThatBeginsASecondConnectionAndServeTheMachineAgain() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        sender.foreignHello(777, MACHINE_LOW, CAPTURE);
        target.until(sender, () -> sender.rejected != null);
        assertThat(sender.rejected).isEqualTo(RejectReason.PROTOCOL);
        assertThat(target.welcomed(CAPTURE).welcome.incarnation()).isEqualTo(2);
    }

    @Test
    void shouldNotLetALinkOfOneMachineTakeAnotherAndLeaveTheFirstLockedOut() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        sender.foreignHello(777, 0x3333, CAPTURE);
        target.until(sender, () -> sender.rejected != null);
        settle(sender);
        target.clocks.advance(11_000_000_000L);
        final TestSender other = target.welcomed(CAPTURE + 1);
        assertThat(other.rejected).isNull();
        assertThat(other.welcome.incarnation()).isEqualTo(2);
    }

    @Test
    void shouldEndALinkOfBrokenHellos() {
        target.start();
        final TestSender stranger = target.connect();
        stranger.sayHello(new byte[] {1, 2, 3});
        target.until(stranger, () -> !stranger.isConnected());
        assertThat(target.counters.get(ReplicationCounter.MALFORMED, "")).isEqualTo(1);
    }

    @Test
    void shouldServeABoundedNumberOfMachines() {
        target.machinesMax = 1;
        target.start().welcomed(CAPTURE);
        final TestSender second = target.connect(0x3333);
        second.hello(CAPTURE);
        target.until(second, () -> second.rejected != null);
        assertThat(second.rejectText).contains("machines.max");
    }

    @Test
    void shouldRefuseOtherVersionsAndOlderGenerations() {
        target.start();
        final TestSender old = target.connect();
        old.hello(CAPTURE, 0, 99, 0);
        target.until(old, () -> old.rejected != null);
        assertThat(old.rejected).isEqualTo(RejectReason.VERSION);
        final TestSender fenced = target.connect();
        fenced.hello(CAPTURE, 3, 1, 0);
        target.until(fenced, () -> fenced.welcome != null);
        assertThat(fenced.welcome.generation()).isEqualTo(3);
        fenced.goodbye();
        settle(fenced);
        final TestSender stale = target.connect();
        stale.hello(CAPTURE, 2, 1, 0);
        target.until(stale, () -> stale.rejected != null);
        assertThat(stale.rejected).isEqualTo(RejectReason.STALE_GENERATION);
    }

    @Test
    void shouldFollowAVolumeThatGrows() {
        final TestSender sender = begin();
        send(sender, writer.volumeResized(1, 2L * SIZE));
        send(sender, writer.batch(Extent.write(1, 2L * SIZE - 512, filled(512, 5))));
        target.untilApplied(sender, writer.endSequence());
        assertThat(target.replica("data")).hasSize(2 * SIZE);
        assertThat(target.replica("data")[2 * SIZE - 1]).isEqualTo((byte) 5);
    }

    @Test
    void shouldRefuseAVolumeWhoseNameBelongsToAnother() {
        final TestSender sender = begin();
        send(sender, writer.volumeRemoved(1));
        send(sender, writer.volumeAdded(2, 8, SIZE, "data"));
        target.until(sender, () -> sender.rejected != null);
        assertThat(sender.rejected).isEqualTo(RejectReason.REPLICA_REFUSED);
        assertThat(sender.rejectText).contains("is the copy of volume");
    }

    @Test
    void shouldKeepReceivingWhenTheJournalIsSmallerThanWhatIsSent() {
        target.segments = 4;
        final TestSender sender = begin();
        long wrong = 0;
        for (int i = 0; i < 200; i++) {
            final byte[] bytes = filled(32768, i);
            send(sender, writer.batch(Extent.write(1, (i % 16) * 32768L, bytes)));
        }
        target.untilApplied(sender, writer.endSequence());
        final byte[] replica = target.replica("data");
        for (int i = 184; i < 200; i++) {
            wrong += replica[(i % 16) * 32768] == (byte) i ? 0 : 1;
        }
        assertThat(wrong).isZero();
    }

    @Test
    void shouldHoldTheStreamOfAReplicaThatFailsAloneAndGoOnWhenItWorks() {
        final TestSender sender = begin();
        final MessageWriter otherWriter = new MessageWriter(MACHINE_HIGH, MACHINE_LOW + 1);
        final TestSender other = target.connect(MACHINE_LOW + 1);
        other.hello(CAPTURE + 1);
        target.until(other, other::isDataConnected);
        otherWriter.begin(1, 1, 1, 0);
        send(other, otherWriter.volumeAdded(1, 8, SIZE, "data"));
        send(sender, writer.batch(Extent.write(1, 0, filled(4096, 1))));
        target.untilApplied(sender, writer.endSequence());

        target.disk.failEveryOperationOn(
                TargetHarness.DATA.resolve(MACHINE).resolve("data").resolve("replica.img"));
        send(sender, writer.batch(Extent.write(1, 0, filled(4096, 2)), Extent.write(1, 8192, filled(512, 3))));
        target.until(sender, () -> target.counters.get(ReplicationCounter.REPLICA_HELD, MACHINE) == 1);
        send(sender, writer.batch(Extent.write(1, 0, filled(4096, 4))));
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
        send(other, otherWriter.batch(Extent.write(1, 0, filled(4096, 5))));
        target.untilApplied(other, otherWriter.endSequence());
        assertThat(sender.appliedSequence).isLessThan(writer.endSequence());
        assertThat(sender.rejected).isNull();

        target.disk.failEveryOperationOn(null);
        target.untilApplied(sender, writer.endSequence());
        assertThat(target.counters.get(ReplicationCounter.REPLICA_HELD, MACHINE))
                .isZero();
        target.disk.restart(SimulatedDisk.Survival.NONE);
        assertThat(target.replica("data")[0]).isEqualTo((byte) 4);
        assertThat(target.replica("data")[8192]).isEqualTo((byte) 3);
    }

    @Test
    void shouldHoldChunksOfAReplicaThatFailsAndGoOnWhenItWorks() {
        final TestSender sender = begin();
        final long before = sender.durableSequence;
        target.disk.failEveryOperationOn(
                TargetHarness.DATA.resolve(MACHINE).resolve("data").resolve("replica.img"));
        send(sender, writer.batch(Extent.chunk(1, 4096, filled(4096, 6))));
        target.until(sender, () -> target.counters.get(ReplicationCounter.JOURNAL_HELD, MACHINE) == 2);
        assertThat(sender.durableSequence).isEqualTo(before);
        target.disk.failEveryOperationOn(null);
        target.until(sender, () -> sender.durableSequence == writer.endSequence());
        target.disk.restart(SimulatedDisk.Survival.NONE);
        assertThat(target.replica("data")[4096]).isEqualTo((byte) 6);
    }

    @Test
    void shouldRefuseANewMachineOnAFullDiskAndTakeItOnceThereIsRoom() {
        target.disk.capacity(1000);
        final TestSender sender = target.start().welcomed(CAPTURE);
        assertThat(sender.rejected).isEqualTo(RejectReason.STORAGE);
        assertThat(sender.rejectText).contains("No space left on device");
        target.disk.capacity(1L << 40);
        assertThat(target.welcomed(CAPTURE).rejected).isNull();
    }

    @Test
    void shouldAdmitAStateChangeOnlyInItsPlace() {
        final TestSender sender = begin();
        send(sender, writer.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED));
        send(sender, writer.barrier(1));
        target.untilApplied(sender, writer.endSequence());
        assertThat(target.counters.get(ReplicationCounter.POINTS, MACHINE)).isEqualTo(1);
        target.disk.restart(SimulatedDisk.Survival.NONE);
        final TestSender again = target.start().welcomed(CAPTURE);
        assertThat(again.welcome.volumes()).containsExactly("7:" + SIZE + ":1:ORDERED:1");
    }

    private TestSender begin() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        writer.begin(1, 1, 1, 0);
        send(sender, writer.volumeAdded(1, 7, SIZE, "data"));
        target.until(sender, () -> sender.durableSequence == 1);
        return sender;
    }

    private void send(final TestSender sender, final MessageWriter message) {
        final byte[] bytes = message.bytes();
        target.until(sender, () -> sender.send(bytes));
    }

    private void settle(final TestSender sender) {
        for (int i = 0; i < 3000; i++) {
            target.step();
            sender.poll();
        }
    }
}
