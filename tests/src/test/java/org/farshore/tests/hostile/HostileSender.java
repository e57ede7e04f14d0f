package org.farshore.tests.hostile;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.HelloEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.farshore.dataplane.ship.AeronLinks;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.ResponseMessage;
import org.farshore.dataplane.ship.SenderLink;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.tests.fuzz.Inputs;
import org.farshore.tests.lab.Await;

/**
 * A client with a media driver of its own that connects as it should and then sends what nobody should: on the hello stream
 * and, after a Welcome to a machine that it made up, on the data stream that was opened for it.
 */
final class HostileSender implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final long MACHINE_HIGH = 0xBAD;

    private final RoleDriver driver;
    private final AeronLinks links;
    private final String endpoint;
    private final SplittableRandom random;
    private final ResponseMessage response = new ResponseMessage();
    private final List<byte[]> honest = Inputs.messages();
    private long connectionId;
    private boolean isRejected;
    private boolean isWelcome;
    private SenderLink link;
    private long sent;

    HostileSender(final Path aeronDirectory, final String endpoint, final long seed) {
        this.endpoint = endpoint;
        this.random = new SplittableRandom(seed);
        driver = RoleDriver.launch(
                new RoleDriverContext("hostile").directory(aeronDirectory).conclude());
        links = new AeronLinks(driver, new SystemClocks(), new SystemEntropy(), 4);
    }

    /** Messages that left this client. */
    long sent() {
        return sent;
    }

    /** Connects, sends bad hellos until the link is taken away or {@code count} are out. */
    void badHellos(final int count) {
        connect();
        for (int i = 0; i < count && link.isConnected(); i++) {
            final byte[] message = changed(hello(1));
            if (link.claimHello(message.length) == LinkStatus.OK) {
                put(message);
            } else {
                work();
            }
        }
        leave();
    }

    /** Connects as one of four machines that it made up, and sends bad record messages as long as they are taken. */
    void badRecords(final int count, final byte[] replayed) {
        connect();
        final byte[] hello = hello(1 + random.nextInt(4));
        Await.until(
                "the stranger is answered by " + endpoint,
                LIMIT,
                () -> {
                    if (!isWelcome && link.claimHello(hello.length) == LinkStatus.OK) {
                        put(hello);
                    }
                    work();
                    return link.isDataConnected() || isRejected || !link.isConnected();
                },
                () -> "welcome " + isWelcome);
        for (int i = 0; i < count && link.isDataConnected(); i++) {
            final byte[] message = i % 8 == 7 ? replayed : changed(honest.get(random.nextInt(honest.size())));
            if (link.claimData(message.length) == LinkStatus.OK) {
                put(message);
            } else {
                work();
            }
        }
        leave();
    }

    private void connect() {
        isWelcome = false;
        isRejected = false;
        connectionId = random.nextLong();
        link = links.connect(endpoint);
        Await.until("connected to " + endpoint, LIMIT, () -> {
            work();
            return link.isConnected();
        });
    }

    private void leave() {
        work();
        link.close();
        work();
    }

    private void work() {
        links.doWork();
        link.poll(this::onMessage, 16);
    }

    private boolean onMessage(final DirectBuffer buffer, final int offset, final int length) {
        if (response.wrap(buffer, offset, length) == null) {
            isRejected |= response.isReject();
            if (response.isWelcome() && !isWelcome) {
                isWelcome = true;
                link.openData(response.dataStreamId(), response.dataSessionId());
            }
        }
        return true;
    }

    private void put(final byte[] message) {
        link.claim().buffer().putBytes(link.claim().offset(), message);
        link.claim().commit();
        sent++;
    }

    private byte[] hello(final int machine) {
        final String name = "stranger";
        final byte[] bytes = new byte[8 + HelloEncoder.BLOCK_LENGTH + 4 + name.length()];
        new HelloEncoder()
                .wrapAndApplyHeader(new UnsafeBuffer(bytes), 0, new MessageHeaderEncoder())
                .connectionId(connectionId)
                .machineIdHigh(MACHINE_HIGH)
                .machineIdLow(machine)
                .generation(0)
                .protocolVersion(StreamLimits.PROTOCOL_VERSION)
                .captureIdHigh(machine)
                .captureIdLow(machine)
                .consumerPosition(0)
                .producerPosition(0)
                .machineName(name);
        return bytes;
    }

    /** Random bytes, a cut message, flipped bits, or one as long as the stream takes. */
    private byte[] changed(final byte[] message) {
        switch (random.nextInt(4)) {
            case 0 -> {
                final byte[] noise = new byte[1 + random.nextInt(1200)];
                random.nextBytes(noise);
                return noise;
            }
            case 1 -> {
                return Arrays.copyOf(message, 1 + random.nextInt(message.length));
            }
            case 2 -> {
                return Arrays.copyOf(message, StreamLimits.CONTROL_MESSAGE_LENGTH_MAX);
            }
            default -> {
                final byte[] flipped = message.clone();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
                }
                return flipped;
            }
        }
    }

    @Override
    public void close() {
        links.close();
        driver.close();
    }
}
