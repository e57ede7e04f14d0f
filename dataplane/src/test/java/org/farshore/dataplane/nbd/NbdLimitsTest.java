package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_READ;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_WRITE;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_GO;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client may take, and that taking it harms nobody else. */
@Timeout(60)
class NbdLimitsTest {
    private static final int SIZE = 8 << 20;
    private static final long SHORT_NS = TimeUnit.MILLISECONDS.toNanos(300);

    private final MemoryExport disk = new MemoryExport(SIZE);
    private final List<NbdClient> clients = new ArrayList<>();
    private NbdServerRig rig;

    private void serve(final UnaryOperator<NbdServerContext> settings) {
        rig = new NbdServerRig(settings);
        rig.server.add("disk", disk);
    }

    @AfterEach
    void end() throws IOException {
        for (final NbdClient client : clients) {
            client.close();
        }
        rig.close();
        assertThat(rig.count(ReplicationCounter.NBD_CONNECTIONS)).isZero();
        assertThat(disk.closed).hasValue(disk.opened.get());
    }

    private NbdClient stranger() throws IOException {
        final NbdClient client = new NbdClient(rig.socket);
        clients.add(client);
        return client;
    }

    private NbdClient guest() throws IOException {
        final NbdClient client = NbdClient.simple(rig.socket, "disk");
        clients.add(client);
        return client;
    }

    private void assertServed() throws IOException {
        assertThat(guest().write(0, (byte) 1)).isZero();
    }

    @Test
    void aHandshakeThatTakesTooLongEnds() throws IOException {
        serve(context -> context.handshakeLimitNs(SHORT_NS));
        final NbdClient silent = stranger();
        final NbdClient slow = stranger();
        slow.greet(NbdClient.FIXED);
        slow.out.writeInt(1);
        silent.in.readNBytes(18);
        assertThat(silent.isHungUp()).isTrue();
        assertThat(slow.isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.HANDSHAKE_LIMIT, 2);
        assertServed();
    }

    @Test
    void anIdleClientIsLeftAloneUntilItsLimit() throws IOException {
        serve(context -> context.handshakeLimitNs(SHORT_NS).stallLimitNs(SHORT_NS));
        final NbdClient quiet = guest();
        final NbdClient stalled = guest();
        stalled.out.writeInt(NbdProtocol.REQUEST_MAGIC);
        assertThat(stalled.isHungUp()).isTrue();
        assertThat(quiet.flush())
                .as("as long between requests, and still there")
                .isZero();
        rig.awaitClosed(NbdCloseReason.STALLED, 1);
    }

    @Test
    void aClientThatIsSilentForLongerThanTheIdleLimitIsCutOff() throws IOException {
        serve(context -> context.idleLimitNs(SHORT_NS));
        assertThat(guest().isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.IDLE_LIMIT, 1);
        assertServed();
    }

    @Test
    void aClientThatStopsWithinAPayloadIsCutOff() throws IOException {
        serve(context -> context.stallLimitNs(SHORT_NS));
        final NbdClient client = guest();
        client.send(CMD_WRITE, 0, 0, 4096, new byte[4095]);
        assertThat(client.isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.STALLED, 1);
        assertThat(disk.bytes[0]).as("half a request is no request").isEqualTo(MemoryExport.pattern(0));
    }

    @Test
    void aClientThatNeverReadsItsRepliesHarmsItselfAlone() throws IOException {
        serve(context -> context.stallLimitNs(TimeUnit.SECONDS.toNanos(1)));
        final NbdClient greedy = guest();
        for (int i = 0; i < 64; i++) {
            greedy.send(CMD_READ, 0, 0, 1 << 20);
        }
        final NbdClient other = guest();
        for (int i = 0; i < 100; i++) {
            assertThat(other.write(i, (byte) i)).isZero();
        }
        rig.awaitClosed(NbdCloseReason.STALLED, 1);
        assertThat(other.flush()).isZero();
    }

    @Test
    void aSlowDiskHoldsUpItsOwnClientAlone() throws IOException {
        serve(context -> context.stallLimitNs(SHORT_NS).idleLimitNs(TimeUnit.SECONDS.toNanos(20)));
        disk.brake = new CountDownLatch(1);
        rig.server.add("fast", new MemoryExport(4096));
        final NbdClient waiting = guest();
        waiting.send(CMD_READ, 0, 0, 512);
        try (NbdClient other = NbdClient.simple(rig.socket, "fast");
                NbdClient stalled = NbdClient.simple(rig.socket, "fast")) {
            assertThat(other.write(0, new byte[512])).isZero();
            stalled.out.writeByte(0);
            rig.awaitClosed(NbdCloseReason.STALLED, 1);
        }
        disk.brake.countDown();
        assertThat(waiting.reply(512).error()).as("no limit on the disk").isZero();
    }

    @Test
    void anExportHasSoManyConnectionsAndTheOthersKeepTheirs() throws IOException {
        serve(context -> context.exportConnectionCountMax(2));
        rig.server.add("other", new MemoryExport(4096));
        guest();
        final NbdClient second = guest();
        final NbdClient third = stranger();
        third.greet(NbdClient.FIXED);
        final NbdClient.OptionReply refusal = NbdClient.last(third.option(OPT_GO, NbdClient.info("disk")));
        assertThat(refusal.type()).isEqualTo(NbdProtocol.REP_ERR_POLICY);
        assertThat(refusal.text()).contains("as many connections");
        third.go("other");
        second.send(NbdProtocol.CMD_DISC, 0, 0, 0);
        rig.awaitClosed(NbdCloseReason.DONE, 1);
        assertServed();
    }

    @Test
    void theServerHasSoManyConnections() throws IOException {
        serve(context -> context.connectionCountMax(3).exportConnectionCountMax(3));
        guest();
        guest();
        final NbdClient third = guest();
        assertThat(stranger().isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.SERVER_FULL, 1);
        third.close();
        rig.awaitClosed(NbdCloseReason.LOST, 1);
        assertServed();
    }

    @Test
    void strangersInTheirHandshakeMakeRoomForANewcomerAfterASecond() throws IOException {
        serve(context -> context.handshakeCountMax(2));
        final NbdClient first = stranger();
        NbdServerRig.await("the first is in", () -> rig.count(ReplicationCounter.NBD_CONNECTIONS) == 1);
        stranger();
        first.in.readNBytes(18);
        NbdServerRig.await("both are in", () -> rig.count(ReplicationCounter.NBD_CONNECTIONS) == 2);
        assertThat(stranger().isHungUp()).as("too early").isTrue();
        rig.awaitClosed(NbdCloseReason.HANDSHAKES_FULL, 1);
        NbdServerRig.await("the oldest has had its time", () -> {
            try {
                assertServed();
                return true;
            } catch (final IOException e) {
                return false;
            }
        });
        assertThat(first.isHungUp()).isTrue();
    }

    @Test
    void anExportIsRemovedUnderItsClientsAndNameAndFileAreFree() throws Exception {
        serve(context -> context);
        final NbdClient client = guest();
        assertThat(client.write(0, (byte) 9)).isZero();
        assertThat(rig.server.remove("disk", 5000)).isTrue();
        assertThat(disk.closed).hasValue(disk.opened.get());
        assertThat(client.isHungUp()).isTrue();
        assertThat(rig.closed(NbdCloseReason.STOPPED)).isEqualTo(1);
        final NbdClient late = stranger();
        late.greet(NbdClient.FIXED);
        assertThat(NbdClient.last(late.option(OPT_GO, NbdClient.info("disk"))).type())
                .isEqualTo(NbdProtocol.REP_ERR_UNKNOWN);
        rig.server.add("disk", disk);
        late.go("disk");
        assertThat(rig.server.connectionCount("disk")).isEqualTo(1);
    }

    @Test
    void removalAnswersWhatIsUnderWayAndSaysWhenItCannotWait() throws Exception {
        serve(context -> context);
        final CountDownLatch brake = new CountDownLatch(1);
        disk.brake = brake;
        final NbdClient client = guest();
        client.send(CMD_READ, 0, 0, 512);
        NbdServerRig.await("the read is under way", () -> disk.braked.get() == 1);
        assertThat(rig.server.remove("disk", 100)).as("a call still runs").isFalse();
        brake.countDown();
        NbdServerRig.await("the access is closed", () -> disk.closed.get() == 1);
    }

    @Test
    void requestsThatArriveDuringARemovalAreRefusedAsShutdown() throws Exception {
        serve(context -> context);
        final CountDownLatch brake = new CountDownLatch(1);
        disk.brake = brake;
        final NbdClient client = guest();
        client.send(data -> {
            data.write(NbdClient.request(CMD_READ, 0, 1, 0, 16));
            data.write(NbdClient.request(CMD_READ, 0, 2, 0, 16));
        });
        final Thread remover = new Thread(() -> {
            try {
                rig.server.remove("disk", 20_000);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        remover.start();
        NbdServerRig.await("it waits", () -> remover.getState() == Thread.State.TIMED_WAITING);
        brake.countDown();
        assertThat(client.reply(16).error()).isZero();
        assertThat(client.reply(16).error()).isEqualTo(NbdError.ESHUTDOWN.number());
        assertThat(client.isHungUp()).isTrue();
        remover.join();
    }

    @Test
    void aBugInAnExportEndsOneConnectionAndIsReported() throws IOException {
        serve(context -> context);
        disk.bug = new IllegalStateException("a bug");
        final NbdClient client = guest();
        client.send(CMD_READ, 0, 0, 512);
        assertThat(client.isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.FAULT, 1);
        assertThat(rig.faults).containsExactly(disk.bug);
        disk.bug = null;
        assertServed();
    }

    @Test
    void closingTheServerEndsEveryClientAndRemovesTheSocket() throws IOException {
        serve(context -> context);
        final NbdClient client = guest();
        final NbdClient inHandshake = stranger();
        rig.server.close();
        assertThat(client.isHungUp()).isTrue();
        inHandshake.in.readAllBytes();
        assertThat(rig.socket).doesNotExist();
    }
}
