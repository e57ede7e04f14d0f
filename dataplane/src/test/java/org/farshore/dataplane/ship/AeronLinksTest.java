package org.farshore.dataplane.ship;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.runtime.CounterReader;
import org.farshore.dataplane.runtime.SocketLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AeronLinksTest {
    private final String endpoint = LinkEnds.freeEndpoint();
    private final List<String> responses = new ArrayList<>();

    @Test
    void carriesHelloThereAndAnAnswerBack() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = sender.links.connect(endpoint);
            connectAndSayHello(sender, link, receiver, "one");

            answer(receiver, receiver.peers.get(0), "welcome");
            pump(sender, link, receiver, "the answer", () -> responses.contains("welcome"));

            assertThat(receiver.events).containsExactly("hello one");
        }
    }

    @Test
    void carriesDataOnAStreamOfItsOwnInOrder() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, receiver);

            final List<byte[]> sent = sendRandom(sender, link, receiver, 300, 7);
            pump(sender, link, receiver, "all data", () -> receiver.messages.size() == sent.size());

            assertSame(receiver.messages, sent);
        }
    }

    @Test
    void cutsMessagesIntoFramesWhereTheNetworkTakesOnlySmallOnes() {
        try (LinkEnds receiver = new LinkEnds("process-server", 1408, 8).listen(endpoint);
                LinkEnds sender = new LinkEnds("agent", 1408, 8)) {
            final SenderLink link = sender.links.connect(endpoint);
            connectAndSayHello(sender, link, receiver, "small".repeat(700));
            openData(sender, link, receiver);

            final List<byte[]> sent = sendRandom(sender, link, receiver, 300, 9);
            pump(sender, link, receiver, "all data", () -> receiver.messages.size() == sent.size());

            assertSame(receiver.messages, sent);
        }
    }

    @Test
    void worksWithTheSocketBuffersThatAKernelGrantsByDefault() {
        final SocketLimits limits = new SocketLimits(212_992, 212_992);
        final int mtuLength = AeronChannels.LOOPBACK_MTU_LENGTH;
        try (LinkEnds receiver = new LinkEnds("process-server", mtuLength, 8, limits).listen(endpoint);
                LinkEnds sender = new LinkEnds("agent", mtuLength, 8, limits)) {
            final SenderLink link = open(sender, receiver);

            final List<byte[]> sent = sendRandom(sender, link, receiver, 300, 11);
            pump(sender, link, receiver, "all data", () -> receiver.messages.size() == sent.size());

            assertSame(receiver.messages, sent);
        }
    }

    @Test
    void listensOnEveryAddressWhenToldTo() {
        final String everywhere = endpoint.replace("127.0.0.1", "0.0.0.0");
        try (LinkEnds receiver = new LinkEnds("process-server").listen(everywhere);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, receiver);
            answer(receiver, receiver.peers.get(0), "x".repeat(4_000));
            pump(sender, link, receiver, "an answer of several frames", () -> !responses.isEmpty());

            assertThat(responses).containsExactly("x".repeat(4_000));
        }
    }

    @Test
    void leavesMessagesOnTheLinkWhileTheReceiverRefusesThem() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, receiver);
            receiver.refusing = true;

            int sent = 0;
            while (claimWithin(sender, link, receiver, 60_000, 200)) {
                link.claim().buffer().putInt(link.claim().offset(), sent++);
                link.claim().commit();
            }
            assertThat(link.claimData(60_000)).isEqualTo(LinkStatus.BACK_PRESSURE);
            assertThat(receiver.messages).isEmpty();

            receiver.refusing = false;
            final int expected = sent;
            pump(sender, link, receiver, "everything refused before", () -> receiver.messages.size() == expected);
            assertThat(link.isDataConnected()).isTrue();
        }
    }

    @Test
    void handsAFailureOfTheHandlerToWhoPollsAndKeepsTheMessage() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = sender.links.connect(endpoint);
            connectAndSayHello(sender, link, receiver, "one");
            answer(receiver, receiver.peers.get(0), "welcome");

            assertThatThrownBy(() -> Await.until(
                            () -> {
                                sender.work();
                                receiver.work();
                            },
                            () -> link.poll(AeronLinksTest::fail, 8) > 0,
                            () -> "the failure"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("broken");

            pump(sender, link, receiver, "the answer", () -> responses.contains("welcome"));
            assertThat(responses).containsExactly("welcome");
        }
    }

    private static boolean fail(final DirectBuffer buffer, final int offset, final int length) {
        throw new IllegalStateException("broken");
    }

    @Test
    void reachesANewReceiverAtOnceAfterTheOldOneWasKilled() {
        final LinkEnds first = new LinkEnds("process-server").listen(endpoint);
        try (LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, first);
            first.kill();

            try (LinkEnds second = new LinkEnds("process-server").listen(endpoint)) {
                final long lostMs = pump(sender, link, second, "the loss", () -> !link.isConnected());
                assertThat(link.claimHello(10)).isEqualTo(LinkStatus.CLOSED);
                link.close();
                final SenderLink next = sender.links.connect(endpoint);
                final long helloMs = connectAndSayHello(sender, next, second, "two");

                assertThat(lostMs).as("ms until the loss is known").isLessThan(2_000);
                assertThat(helloMs).as("ms until the new hello").isLessThan(2_000);
                assertThat(second.events).containsExactly("hello two");
            }
        }
    }

    @Test
    void noticesWithinSecondsThatTheReceiverWasKilled() {
        final LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
        try (LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, receiver);
            receiver.kill();

            final long ms =
                    Await.until(sender::work, () -> !link.isConnected() && !link.isDataConnected(), () -> "the loss");
            assertThat(ms).isLessThan(8_000);
            assertThat(link.claimData(100)).isEqualTo(LinkStatus.CLOSED);
        }
    }

    @Test
    void tellsTheReceiverThatASenderWasKilled() {
        final LinkEnds sender = new LinkEnds("agent");
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint)) {
            open(sender, receiver);
            sender.kill();

            final long ms = Await.until(receiver::work, () -> receiver.events.contains("lost"), () -> "the loss");
            assertThat(ms).isLessThan(8_000);
        }
    }

    @Test
    void tellsTheReceiverAtOnceThatASenderHasClosed() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, receiver);
            link.close();

            final long ms = pump(sender, link, receiver, "the loss", () -> receiver.events.contains("lost"));
            assertThat(ms).isLessThan(3_000);
        }
    }

    @Test
    void tellsTheSenderTheReasonBeforeAClosedConnection() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, receiver);
            final ReceiverLink.Peer peer = receiver.peers.get(0);
            answer(receiver, peer, "rejected");
            peer.close();

            final long ms = pump(sender, link, receiver, "the end", () -> !link.isConnected());
            assertThat(responses).endsWith("rejected");
            assertThat(ms).isLessThan(3_000);
            assertThat(receiver.events).doesNotContain("lost");
            assertThat(peer.claim(10)).isEqualTo(LinkStatus.CLOSED);
        }
    }

    @Test
    void servesTwoSendersAtOnce() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds one = new LinkEnds("agent");
                LinkEnds two = new LinkEnds("agent")) {
            final SenderLink linkOne = open(one, receiver);
            final SenderLink linkTwo = open(two, receiver);
            assertThat(receiver.peers).hasSize(2);

            sendRandom(one, linkOne, receiver, 100, 1);
            sendRandom(two, linkTwo, receiver, 100, 2);
            pump(one, linkOne, receiver, "data of both", () -> {
                two.work();
                return receiver.messages.size() == 200;
            });
        }
    }

    @Test
    void refusesMorePeersThanItsBound() {
        try (LinkEnds receiver = new LinkEnds("process-server", AeronChannels.LOOPBACK_MTU_LENGTH, 1).listen(endpoint);
                LinkEnds one = new LinkEnds("agent");
                LinkEnds two = new LinkEnds("agent")) {
            open(one, receiver);
            final SenderLink refused = two.links.connect(endpoint);

            Await.until(
                    () -> {
                        one.work();
                        two.work();
                        receiver.work();
                    },
                    () -> refusals(receiver) > 0,
                    () -> "the refusal");
            assertThat(refused.isConnected()).isFalse();
            assertThat(receiver.peers).hasSize(1);
        }
    }

    @Test
    void opensADataStreamAgainForTheSamePeer() {
        try (LinkEnds receiver = new LinkEnds("process-server").listen(endpoint);
                LinkEnds sender = new LinkEnds("agent")) {
            final SenderLink link = open(sender, receiver);
            sendRandom(sender, link, receiver, 10, 3);
            pump(sender, link, receiver, "first data", () -> receiver.messages.size() == 10);

            final int firstSession = receiver.peers.get(0).dataSessionId();
            openData(sender, link, receiver);
            assertThat(receiver.peers.get(0).dataSessionId()).isNotEqualTo(firstSession);
            sendRandom(sender, link, receiver, 10, 4);
            pump(sender, link, receiver, "second data", () -> receiver.messages.size() == 20);
            assertThat(receiver.events).doesNotContain("lost");
        }
    }

    /** By hand: AssertJ compares byte by byte through reflection, which takes half a minute. */
    private static void assertSame(final List<byte[]> received, final List<byte[]> sent) {
        assertThat(received).hasSameSizeAs(sent);
        for (int i = 0; i < sent.size(); i++) {
            assertThat(Arrays.equals(received.get(i), sent.get(i)))
                    .as("message %d", i)
                    .isTrue();
        }
    }

    private static int refusals(final LinkEnds receiver) {
        final int[] count = new int[1];
        try (CounterReader reader = CounterReader.open(receiver.driver.context().directory())) {
            reader.readErrors((observed, first, last, text) -> {
                if (text.contains("peers are connected")) {
                    count[0] += observed;
                }
            });
        }
        return count[0];
    }

    private SenderLink open(final LinkEnds sender, final LinkEnds receiver) {
        final SenderLink link = sender.links.connect(endpoint);
        connectAndSayHello(sender, link, receiver, "hi " + System.identityHashCode(sender));
        openData(sender, link, receiver);
        return link;
    }

    private void openData(final LinkEnds sender, final SenderLink link, final LinkEnds receiver) {
        final ReceiverLink.Peer peer = receiver.peers.get(receiver.peers.size() - 1);
        peer.openData();
        link.openData(peer.dataStreamId(), peer.dataSessionId());
        pump(sender, link, receiver, "the data stream", link::isDataConnected);
    }

    private long connectAndSayHello(
            final LinkEnds sender, final SenderLink link, final LinkEnds receiver, final String text) {
        final long ms = pump(sender, link, receiver, "the connection", link::isConnected);
        final byte[] hello = text.getBytes(StandardCharsets.US_ASCII);
        assertThat(link.claimHello(hello.length)).isEqualTo(LinkStatus.OK);
        link.claim().buffer().putBytes(link.claim().offset(), hello);
        link.claim().commit();
        return ms + pump(sender, link, receiver, "hello", () -> receiver.events.contains("hello " + text));
    }

    private static void answer(final LinkEnds receiver, final ReceiverLink.Peer peer, final String text) {
        Await.until(
                receiver::work,
                () -> {
                    if (peer.claim(text.length()) != LinkStatus.OK) {
                        return false;
                    }
                    peer.claim()
                            .buffer()
                            .putStringWithoutLengthAscii(peer.claim().offset(), text);
                    peer.claim().commit();
                    return true;
                },
                () -> "room for an answer");
    }

    private List<byte[]> sendRandom(
            final LinkEnds sender, final SenderLink link, final LinkEnds receiver, final int count, final long seed) {
        final Random random = new Random(seed);
        final List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final byte[] message = new byte[1 + random.nextInt(StreamLimits.MESSAGE_LENGTH_MAX)];
            random.nextBytes(message);
            assertThat(claimWithin(sender, link, receiver, message.length, 20_000))
                    .isTrue();
            link.claim().buffer().putBytes(link.claim().offset(), message);
            if (i % 10 == 9) {
                link.claim().abort();
            } else {
                link.claim().commit();
                sent.add(message);
            }
        }
        while (sent.size() < count) {
            final byte[] message = {(byte) sent.size()};
            assertThat(claimWithin(sender, link, receiver, 1, 20_000)).isTrue();
            link.claim().buffer().putBytes(link.claim().offset(), message);
            link.claim().commit();
            sent.add(message);
        }
        return sent;
    }

    private boolean claimWithin(
            final LinkEnds sender, final SenderLink link, final LinkEnds receiver, final int length, final long ms) {
        final long deadlineNs = System.nanoTime() + ms * 1_000_000;
        while (link.claimData(length) != LinkStatus.OK) {
            sender.work();
            receiver.work();
            if (System.nanoTime() - deadlineNs > 0) {
                return false;
            }
        }
        return true;
    }

    private long pump(
            final LinkEnds sender,
            final SenderLink link,
            final LinkEnds receiver,
            final String what,
            final BooleanSupplier condition) {
        return Await.until(
                () -> {
                    sender.work();
                    link.poll(this::onResponse, 8);
                    receiver.work();
                },
                condition,
                () -> what + "; receiver heard " + receiver.events + " and " + receiver.messages.size() + " messages");
    }

    private boolean onResponse(final DirectBuffer buffer, final int offset, final int length) {
        responses.add(buffer.getStringWithoutLengthAscii(offset, length));
        return true;
    }
}
