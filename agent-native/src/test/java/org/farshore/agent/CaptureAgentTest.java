package org.farshore.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.agent.rig.AgentRig;
import org.farshore.agent.stream.VolumePhase;
import org.farshore.dataplane.codecs.replication.AckEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole agent, stepped, between models of its machine and of its receiver; every cut is judged by an oracle. */
class CaptureAgentTest {
    private static final int LARGE_RING = 64 << 20;
    private static final int SMALL_RING = 200_000;

    @Test
    void copiesAVolumeThatWasThereBefore() {
        final AgentRig rig = new AgentRig(1, LARGE_RING, 3 << 20);
        Arrays.fill(rig.capture.bytes(0), 5000, 2_500_000, (byte) 7);
        rig.settle();
        rig.assertEqual();
        assertThat(rig.counter(ReplicationCounter.INITIAL_COPY_BYTES)).isEqualTo(3 << 20);
        assertThat(rig.counter(ReplicationCounter.RESYNC_BYTES)).isZero();
        assertThat(rig.receiver.cuts).isPositive();
    }

    @Test
    void sendsNoPayloadForZeroBlocks() {
        final AgentRig rig = new AgentRig(1, LARGE_RING, 8 << 20);
        rig.settle();
        rig.assertEqual();
        assertThat(rig.receiver.chunkBytes).isZero();
    }

    @Test
    void copiesAVolumeThatEndsInsideABlock() {
        final AgentRig rig = new AgentRig(1, LARGE_RING, (1 << 20) + 1536);
        Arrays.fill(rig.capture.bytes(0), 1 << 20, (1 << 20) + 1536, (byte) 9);
        rig.settle();
        rig.assertEqual();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyCutIsLegalUnderLoad(final int seed) {
        for (int run = 0; run < 6; run++) {
            final AgentRig rig = new AgentRig(seed * 100 + run, LARGE_RING, 600 << 10, 200 << 10);
            rig.writeMeanwhile(8);
            if (run % 2 == 1) {
                rig.writeInPieces();
            }
            for (int step = 0; step < 4_000; step++) {
                rig.randomStep(8);
            }
            rig.settle();
            rig.assertEqual();
            assertThat(rig.total(ReplicationCounter.RESYNC_BYTES)).isZero();
            assertThat(rig.receiver.cuts).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyCutIsLegalWhenTheAgentIsKilledAtAnyStep(final int seed) {
        for (int run = 0; run < 8; run++) {
            final AgentRig rig = new AgentRig(seed * 1000 + run, LARGE_RING, 400 << 10, 100 << 10);
            rig.writeMeanwhile(6);
            for (int step = 0; step < 3_000; step++) {
                rig.randomStep(6);
                if (rig.random.nextInt(150) == 0) {
                    rig.killAgent();
                }
            }
            rig.settle();
            rig.assertEqual();
            assertThat(rig.total(ReplicationCounter.RESYNC_BYTES)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyCutIsLegalWhenConnectionsAreLostAtAnyStep(final int seed) {
        for (int run = 0; run < 8; run++) {
            final AgentRig rig = new AgentRig(seed * 2000 + run, LARGE_RING, 400 << 10, 100 << 10);
            rig.settle();
            rig.receiver.backPressure = () -> rig.random.nextInt(5) == 0;
            rig.writeMeanwhile(6);
            for (int step = 0; step < 3_000; step++) {
                rig.randomStep(6);
                if (rig.random.nextInt(150) == 0) {
                    rig.receiver.breakLink();
                }
            }
            rig.settle();
            rig.assertEqual();
            assertThat(rig.total(ReplicationCounter.RESYNC_BYTES)).isZero();
            assertThat(rig.total(ReplicationCounter.REPAIR_BYTES)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyCutIsLegalWhenTheRingOverflowsAndAgentsDie(final int seed) {
        for (int run = 0; run < 8; run++) {
            final AgentRig rig = new AgentRig(seed * 3000 + run, SMALL_RING, 400 << 10, 100 << 10);
            rig.writeMeanwhile(6);
            for (int step = 0; step < 4_000; step++) {
                rig.randomStep(6);
                if (rig.random.nextInt(600) == 0) {
                    for (int i = 0; i < 30; i++) {
                        final int write = rig.submit(0, rig.random.nextInt(700), 1 + rig.random.nextInt(90));
                        if (write >= 0 && rig.random.nextInt(3) > 0) {
                            rig.complete(write);
                        }
                    }
                }
                if (rig.random.nextInt(400) == 0) {
                    rig.receiver.breakLink();
                }
                if (rig.random.nextInt(400) == 0) {
                    rig.killAgent();
                }
            }
            rig.settle();
            rig.assertEqual();
            assertThat(rig.capture.droppedCount()).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void makesNoCutThatNeedsAWriteWhichTheRingLost(final int ringLook) {
        final AgentRig rig = new AgentRig(20, LARGE_RING, 64 << 10);
        for (int round = 0; round < 4; round++) {
            rig.settle();
            final int[] looks = {0};
            final int wait = round;
            rig.capture.meanwhile(() -> {
                if (++looks[0] == ringLook + 8 * wait) {
                    rig.capture.loseNext(2);
                    rig.complete(rig.submit(0, 10, 3));
                    rig.complete(rig.submit(0, 40, 3));
                }
            });
            rig.capture.advance(1_000_000_000);
            for (int i = 0; i < 20; i++) {
                rig.cycle(20_000_000);
                rig.receiver.sync(100);
            }
        }
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void readsNothingBeforeOldRecordsAreInTheStreamAgain() {
        final AgentRig rig = new AgentRig(21, LARGE_RING, 64 << 10);
        rig.settle();
        rig.complete(rig.submit(0, 8, 2));
        rig.capture.loseNext(2);
        rig.complete(rig.submit(0, 8, 2));
        for (int i = 0; i < 50; i++) {
            rig.cycle(20_000_000);
            rig.reader.doWork();
        }
        rig.receiver.breakLink();
        rig.capture.busyBehind(0);
        for (int i = 0; i < 50; i++) {
            rig.cycle(20_000_000);
            rig.reader.doWork();
            rig.receiver.sync(100);
        }
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void doesNotGiveANumberTwiceToDifferentRecords() {
        // The receiver has X, a barrier and Y; the agent dies before it hears so; a new agent must not give Z Y's
        // number.
        final AgentRig rig = new AgentRig(4, LARGE_RING, 64 << 10);
        rig.settle();
        for (int round = 0; round < 40; round++) {
            rig.complete(rig.submit(0, 0, 2));
            rig.cycle(1_100_000_000);
            rig.complete(rig.submit(0, 8, 2));
            rig.cycle(1_000_000);
            rig.receiver.sync(round % 4);
            if (round % 2 == 0) {
                rig.killAgent();
            } else {
                rig.receiver.breakLink();
            }
            rig.complete(rig.submit(0, 16, 2));
            for (int i = 0; i < 20; i++) {
                rig.cycle(100_000_000);
            }
        }
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void repairsOverlappingWritesThatLandInTheOtherOrder() {
        final AgentRig rig = new AgentRig(5, LARGE_RING, 64 << 10);
        rig.settle();
        final byte[] first = filled(1024, 1);
        final byte[] second = filled(1024, 2);
        final int one = rig.capture.submit(0, 4096, first);
        final int two = rig.capture.submit(0, 4608, second);
        rig.capture.complete(two);
        rig.capture.complete(one);
        rig.settle();
        rig.assertEqual();
        assertThat(rig.counter(ReplicationCounter.REPAIR_BYTES)).isPositive().isLessThanOrEqualTo(8192);
        assertThat(rig.counter(ReplicationCounter.RESYNC_BYTES)).isZero();
    }

    @Test
    void readsAgainWhatTheDeviceRefused() {
        final AgentRig rig = new AgentRig(6, LARGE_RING, 64 << 10);
        rig.settle();
        final int write = rig.capture.submit(0, 8192, filled(4096, 3));
        rig.capture.end(write, 5);
        rig.settle();
        rig.assertEqual();
        assertThat(rig.counter(ReplicationCounter.CAPTURE_FAILED_WRITES)).isEqualTo(1);
    }

    @Test
    void readsAgainWhatWasInFlightWhenCaptureBegan() {
        final AgentRig rig = new AgentRig(7, LARGE_RING, 64 << 10);
        final int write = rig.capture.submitUnseen(0, 8192, filled(4096, 3));
        rig.rest();
        rig.capture.complete(write);
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void readsAgainAWriteThatNeverCompleted() {
        final AgentRig rig = new AgentRig(8, LARGE_RING, 64 << 10);
        rig.settle();
        rig.capture.completeUnseen(rig.capture.submit(0, 8192, filled(4096, 3)));
        for (int i = 0; i < 100; i++) {
            rig.cycle(1_000_000_000);
            rig.reader.doWork();
            rig.receiver.sync(100);
        }
        rig.settle();
        rig.assertEqual();
        assertThat(rig.counter(ReplicationCounter.CAPTURE_AGED)).isEqualTo(1);
    }

    @Test
    void hammeredSectorDoesNotStarveItsBlock() {
        final AgentRig rig = new AgentRig(9, LARGE_RING, 64 << 10);
        Arrays.fill(rig.capture.bytes(0), 512, 4096, (byte) 4);
        int write = rig.submit(0, 0, 1);
        for (int i = 0; i < 20_000 && rig.receiver.cuts < 3; i++) {
            rig.complete(write);
            write = rig.submit(0, 0, 1);
            rig.cycle(1_000_000);
            rig.reader.doWork();
            rig.receiver.sync(10);
        }
        assertThat(rig.receiver.cuts).isGreaterThanOrEqualTo(3);
        rig.complete(write);
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void replicatesDiscardsInOrder() {
        final AgentRig rig = new AgentRig(10, LARGE_RING, 64 << 10);
        rig.settle();
        rig.capture.write(0, 0, filled(32_768, 3));
        rig.capture.discard(0, 4096, 16_384);
        rig.capture.write(0, 8192, filled(512, 8));
        rig.settle();
        rig.assertEqual();
        assertThat(rig.counter(ReplicationCounter.REPAIR_BYTES)).isZero();
    }

    @Test
    void goesOnWithTheInitialCopyAfterAKill() {
        final AgentRig rig = new AgentRig(11, LARGE_RING, 24 << 20);
        Arrays.fill(rig.capture.bytes(0), (byte) 5);
        for (int i = 0; i < 15; i++) {
            rig.cycle(1_000_000);
            rig.reader.doWork();
            rig.receiver.sync(60);
        }
        final long before = rig.capture.todo(0).cardinality();
        assertThat(before).isBetween(1L, (24L << 20) / 4096 - 1);
        rig.killAgent();
        rig.settle();
        rig.assertEqual();
        assertThat(rig.total(ReplicationCounter.INITIAL_COPY_BYTES)).isLessThan(30 << 20);
    }

    @Test
    void goesOnWithTheCopyHoweverOftenAConnectionIsLostInsideAChunk() {
        final AgentRig rig = new AgentRig(20, LARGE_RING, 24 << 20);
        Arrays.fill(rig.capture.bytes(0), (byte) 5);
        for (int round = 0; round < 5; round++) {
            final int[] room = {10};
            rig.receiver.backPressure = () -> room[0]-- <= 0;
            for (int i = 0; i < 100; i++) {
                rig.cycle(50_000_000);
                rig.reader.doWork();
            }
            rig.receiver.breakLink();
        }
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void marksNoEndInsideAWriteThatWasBeingRecordedWhenTheAgentBegan() {
        final AgentRig rig = new AgentRig(21, LARGE_RING, 1 << 20);
        rig.settle();
        final int welcomes = rig.receiver.welcomes;
        final long begin = rig.capture.producerPosition();
        final int write = rig.capture.submit(0, 0, filled(300 << 10, 3), () -> {
            rig.killAgent();
            for (int i = 0; i < 20; i++) {
                rig.cycle(1_000_000);
            }
        });
        assertThat(rig.receiver.welcomes).isGreaterThan(welcomes);
        final long behind = rig.capture.producerPosition();
        for (int i = 0; i < 60; i++) {
            rig.cycle(1_000_000);
            rig.receiver.sync(1);
            final long freed = rig.capture.consumerPosition();
            assertThat(freed <= begin || freed >= behind)
                    .as("freed to %d, the write lies from %d to %d", freed, begin, behind)
                    .isTrue();
        }
        rig.capture.complete(write);
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void comparesAVolumeThatAnEarlierAgentHadStopped() {
        final AgentRig rig = new AgentRig(22, LARGE_RING, 1 << 20, 1 << 20);
        rig.settle();
        rig.capture.shrinkDevice(0, 512 << 10);
        rig.settle();
        assertThat(rig.agent.volume(0).isStopped()).isTrue();
        rig.capture.write(0, 4096, filled(4096, 9));
        rig.capture.write(1, 4096, filled(4096, 8));
        rig.settle();
        rig.capture.growDevice(0, filled(512 << 10, 0));
        rig.killAgent();
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void comparesAfterARebootAndSendsOnlyWhatDiffers() {
        final AgentRig rig = new AgentRig(12, LARGE_RING, (130 << 20) + 4096);
        for (int at = 0; at < rig.capture.bytes(0).length; at += 1000) {
            rig.capture.bytes(0)[at] = (byte) at;
        }
        rig.settle();
        rig.capture.reboot();
        Arrays.fill(rig.capture.bytes(0), 70_000_000, 70_100_000, (byte) 6);
        rig.capture.bytes(0)[rig.capture.bytes(0).length - 1] = 1;
        rig.killAgent();
        final long before = rig.receiver.chunkBytes;
        rig.settle();
        rig.assertEqual();
        assertThat(rig.counter(ReplicationCounter.COMPARED_BYTES)).isEqualTo((130 << 20) + 4096);
        assertThat(rig.receiver.chunkBytes - before).isBetween(100_000L, 300_000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void comparesUnderLoadAndInterruptions(final int seed) {
        for (int run = 0; run < 4; run++) {
            final AgentRig rig = new AgentRig(seed * 50 + run, LARGE_RING, 600 << 10, 200 << 10);
            rig.settle();
            rig.capture.bytes(0)[300_000] = 77;
            rig.capture.reboot();
            rig.killAgent();
            rig.writeMeanwhile(6);
            for (int step = 0; step < 2_000; step++) {
                rig.randomStep(6);
                if (rig.random.nextInt(100) == 0) {
                    rig.receiver.breakLink();
                }
                if (rig.random.nextInt(300) == 0) {
                    rig.killAgent();
                }
            }
            rig.settle();
            rig.assertEqual();
        }
    }

    @Test
    void comparesWhereNoBitTellsWhatChanged() {
        final AgentRig rig = new AgentRig(13, LARGE_RING, 1 << 20);
        rig.settle();
        rig.capture.bytes(0)[123_456] = 1;
        rig.capture.loseCoverage(0);
        rig.settle();
        rig.assertEqual();
        assertThat(rig.counter(ReplicationCounter.COMPARED_BYTES)).isEqualTo(1 << 20);
    }

    @Test
    void copiesEverythingToAReceiverThatForgot() {
        final AgentRig rig = new AgentRig(14, LARGE_RING, 1 << 20);
        rig.capture.write(0, 4096, filled(8192, 4));
        rig.settle();
        rig.receiver.forget();
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void removesAVolumeWhoseNumberAnotherHasNow() {
        final AgentRig rig = new AgentRig(24, LARGE_RING, 1 << 20, 64 << 10);
        Arrays.fill(rig.capture.bytes(0), (byte) 5);
        rig.settle();
        rig.replaceVolume(0, filled(1 << 20, 6));
        for (int i = 0; i < 20; i++) {
            rig.cycle(1_000_000);
        }
        rig.receiver.breakLink();
        rig.settle();
        rig.assertEqual();
        assertThat(rig.receiver.volume(0).name()).isEqualTo("v0-next");
        assertThat(rig.receiver.volume(1).name()).isEqualTo("v1");
        rig.receiver.breakLink();
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void followsAVolumeThatGrows() {
        final AgentRig rig = new AgentRig(15, LARGE_RING, 1 << 20);
        rig.settle();
        rig.capture.growDevice(0, filled(100 << 10, 3));
        rig.capture.write(0, (1 << 20) + 8192, filled(4096, 9));
        rig.settle();
        rig.assertEqual();
        assertThat(rig.receiver.volume(0).sizeBytes()).isEqualTo((1 << 20) + (100 << 10));
    }

    @Test
    void endsACompareOfAVolumeThatGrowsMeanwhile() {
        final AgentRig rig = new AgentRig(23, LARGE_RING, (1 << 20) + 4096 + 512);
        rig.settle();
        rig.capture.reboot();
        rig.killAgent();
        for (int i = 0; i < 50; i++) {
            rig.cycle(1_000_000);
        }
        assertThat(rig.agent.volume(0).compare().isRunning()).isTrue();
        rig.capture.growDevice(0, filled(200 << 10, 3));
        rig.cycle(1_100_000_000);
        assertThat(rig.agent.volume(0).sizeBytes()).isEqualTo((1 << 20) + 4096 + 512 + (200 << 10));
        assertThat(rig.agent.volume(0).compare().isRunning()).isTrue();
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void stopsAVolumeThatShrinksAndGoesOnWithTheOthers() {
        final AgentRig rig = new AgentRig(16, LARGE_RING, 1 << 20, 1 << 20);
        rig.settle();
        rig.capture.shrinkDevice(0, 512 << 10);
        rig.capture.write(1, 4096, filled(4096, 9));
        rig.settle();
        assertThat(rig.agent.volume(0).isStopped()).isTrue();
        assertThat(rig.receiver.replicas.get(1)).isEqualTo(rig.capture.bytes(1));
    }

    @Test
    void saysWhichBlocksCannotBeReadAndCopiesTheRest() {
        final AgentRig rig = new AgentRig(17, LARGE_RING, 64 << 10);
        Arrays.fill(rig.capture.bytes(0), (byte) 5);
        rig.capture.failReads(5);
        run(rig, 5);
        assertThat(rig.receiver.unreadable).containsExactly(0L, 4096L);
        assertThat(rig.receiver.replicas.get(0)).endsWith(filled(56 << 10, 5));
        assertThat(rig.receiver.unsyncedCount()).isZero();
        assertThat(rig.agent.volume(0).readBack().phase()).isEqualTo(VolumePhase.INITIAL_COPY);
        assertThat(rig.receiver.volume(0).writeOrder()).isEqualTo(WriteOrder.CONVERGING);
        rig.settle();
        rig.assertEqual();
        assertThat(rig.receiver.unreadable).containsExactly(0L, 4096L);
        assertThat(rig.agent.volume(0).readBack().phase()).isEqualTo(VolumePhase.ORDERED);
    }

    @Test
    void asksNowAndThenForBlocksThatCannotBeRead() {
        final AgentRig rig = new AgentRig(25, LARGE_RING, 64 << 10);
        Arrays.fill(rig.capture.bytes(0), (byte) 5);
        rig.capture.failReads(Long.MAX_VALUE);
        run(rig, 35);
        assertThat(rig.receiver.unreadable).hasSize(4 * 16);
        rig.capture.failReads(0);
        rig.settle();
        rig.assertEqual();
    }

    /** Works for so many seconds, with nothing written. */
    private static void run(final AgentRig rig, final int seconds) {
        for (int i = 0; i < seconds * 100; i++) {
            rig.cycle(10_000_000);
            rig.reader.doWork();
            rig.receiver.sync(Integer.MAX_VALUE);
        }
    }

    @Test
    void endsWhenAnotherAgentShipsForThisMachine() {
        final AgentRig rig = new AgentRig(18, LARGE_RING, 64 << 10);
        rig.receiver.rejects = RejectReason.DUPLICATE_MACHINE;
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10; i++) {
                        rig.cycle(1_000_000_000);
                    }
                })
                .isInstanceOf(FarshoreException.class)
                .hasMessageContaining("because");
    }

    @Test
    void asksAgainAfterARefusal() {
        final AgentRig rig = new AgentRig(19, LARGE_RING, 64 << 10);
        rig.receiver.rejects = RejectReason.UNKNOWN_MACHINE;
        for (int i = 0; i < 20; i++) {
            rig.cycle(1_000_000_000);
        }
        rig.settle();
        rig.assertEqual();
    }

    @Test
    void endsTheConnectionAtAnAnswerThatIsNotWholeAndGoesOn() {
        final AgentRig rig = new AgentRig(26, LARGE_RING, 64 << 10);
        rig.settle();
        final int welcomes = rig.receiver.welcomes;
        rig.receiver.answer(new byte[] {1, 2, 3});
        rig.settle();
        rig.receiver.answer(ack(rig, 12));
        rig.settle();
        assertThat(rig.receiver.welcomes).isEqualTo(welcomes + 2);
        assertThat(rig.counter(ReplicationCounter.MALFORMED)).isEqualTo(1);
        rig.assertEqual();
    }

    private static byte[] ack(final AgentRig rig, final long position) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8 + AckEncoder.BLOCK_LENGTH]);
        new AckEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(rig.receiver.connectionId())
                .incarnation(rig.receiver.incarnation())
                .flags(0)
                .durableSequence(1)
                .durableCapturePosition(position);
        return buffer.byteArray();
    }

    private static byte[] filled(final int length, final int value) {
        final byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
