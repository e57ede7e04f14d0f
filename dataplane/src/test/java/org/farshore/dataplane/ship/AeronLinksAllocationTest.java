package org.farshore.dataplane.ship;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AeronLinksAllocationTest {
    private static final int MESSAGE_LENGTH = 60_000;
    private static final int MESSAGES = 5_000;

    @ParameterizedTest
    @ValueSource(ints = {65_504, 1408})
    void allocatesNothingPerMessageInSteadyState(final int mtuLength) {
        final String endpoint = LinkEnds.freeEndpoint();
        try (LinkEnds receiver = new LinkEnds("process-server", mtuLength, 8).listen(endpoint);
                LinkEnds sender = new LinkEnds("agent", mtuLength, 8)) {
            receiver.keeping = false;
            final SenderLink link = open(endpoint, sender, receiver);
            transfer(sender, link, receiver, MESSAGES);

            final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            final long before = threads.getCurrentThreadAllocatedBytes();
            transfer(sender, link, receiver, MESSAGES);
            final long allocated = threads.getCurrentThreadAllocatedBytes() - before;

            assertThat(allocated / MESSAGES).as("bytes per message").isLessThan(4);
        }
    }

    @Test
    void takesAbortedRoomAwayWithoutATrace() {
        final String endpoint = LinkEnds.freeEndpoint();
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(endpoint, sender, receiver);
            for (int i = 0; i < 1_000; i++) {
                awaitRoom(sender, link, receiver, MESSAGE_LENGTH);
                link.claim().abort();
            }
            transfer(sender, link, receiver, 1);

            assertThat(receiver.dataCount).isEqualTo(1);
        }
    }

    private static SenderLink open(final String endpoint, final LinkEnds sender, final LinkEnds receiver) {
        final SenderLink link = sender.links.connect(endpoint);
        pump(sender, receiver, link::isConnected);
        final byte[] hello = "hi".getBytes(StandardCharsets.US_ASCII);
        link.claimHello(hello.length);
        link.claim().buffer().putBytes(link.claim().offset(), hello);
        link.claim().commit();
        pump(sender, receiver, () -> !receiver.peers.isEmpty());
        final ReceiverLink.Peer peer = receiver.peers.get(0);
        peer.openData();
        link.openData(peer.dataStreamId(), peer.dataSessionId());
        pump(sender, receiver, link::isDataConnected);
        return link;
    }

    private static void transfer(
            final LinkEnds sender, final SenderLink link, final LinkEnds receiver, final int count) {
        final long expected = receiver.dataCount + count;
        for (int i = 0; i < count; i++) {
            awaitRoom(sender, link, receiver, MESSAGE_LENGTH);
            link.claim().buffer().putInt(link.claim().offset(), i);
            link.claim().commit();
        }
        while (receiver.dataCount < expected) {
            sender.work();
            receiver.work();
        }
    }

    private static void awaitRoom(
            final LinkEnds sender, final SenderLink link, final LinkEnds receiver, final int length) {
        while (link.claimData(length) != LinkStatus.OK) {
            sender.work();
            receiver.work();
        }
    }

    private static void pump(final LinkEnds sender, final LinkEnds receiver, final BooleanSupplier condition) {
        Await.until(
                () -> {
                    sender.work();
                    receiver.work();
                },
                condition,
                () -> "a connection");
    }
}
