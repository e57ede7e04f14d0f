package org.farshore.dataplane.ship;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.IoUtil;
import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.SocketLimits;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;

/** One process's end of a hop under test: an own driver, and a handler that writes down what it hears. */
final class LinkEnds implements AutoCloseable, ReceiverLink.Handler {
    final RoleDriver driver;
    final AeronLinks links;
    final List<String> events = new ArrayList<>();
    final List<ReceiverLink.Peer> peers = new ArrayList<>();
    final List<byte[]> messages = new ArrayList<>();
    ReceiverLink receiver;
    boolean refusing;
    boolean keeping = true;
    long dataCount;
    long dataBytes;

    LinkEnds(final String role, final int mtuLength, final int peersMax) {
        this(role, mtuLength, peersMax, null);
    }

    LinkEnds(final String role, final int mtuLength, final int peersMax, final SocketLimits limits) {
        driver = RoleDriver.launch(new RoleDriverContext(role)
                .instance("test-" + UUID.randomUUID())
                .socketLimits(limits)
                .conclude());
        links = new AeronLinks(driver, new SystemClocks(), new SystemEntropy(), peersMax, mtuLength);
    }

    LinkEnds(final String role) {
        this(role, AeronChannels.LOOPBACK_MTU_LENGTH, 8);
    }

    LinkEnds listen(final String endpoint) {
        receiver = links.listen(endpoint);
        return this;
    }

    void work() {
        links.doWork();
        if (receiver != null) {
            receiver.poll(this, 8);
        }
    }

    @Override
    public void onHello(final ReceiverLink.Peer peer, final DirectBuffer buffer, final int offset, final int length) {
        if (!peers.contains(peer)) {
            peers.add(peer);
        }
        events.add("hello " + buffer.getStringWithoutLengthAscii(offset, length));
    }

    @Override
    public boolean onData(final ReceiverLink.Peer peer, final DirectBuffer buffer, final int offset, final int length) {
        if (refusing) {
            return false;
        }
        if (keeping) {
            final byte[] message = new byte[length];
            buffer.getBytes(offset, message);
            messages.add(message);
        }
        dataCount++;
        dataBytes += length;
        return true;
    }

    @Override
    public void onPeerLost(final ReceiverLink.Peer peer) {
        events.add("lost");
        peers.remove(peer);
    }

    /** As SIGKILL would end it: no farewell to anybody. */
    void kill() {
        driver.closeKeepingDirectory();
        IoUtil.delete(driver.context().directory().toFile(), true);
    }

    @Override
    public void close() {
        links.close();
        driver.close();
    }

    /** A loopback address with this port and the next one free at the moment. */
    static String freeEndpoint() {
        for (int i = 0; i < 100; i++) {
            try (DatagramSocket first = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
                    DatagramSocket second =
                            new DatagramSocket(first.getLocalPort() + 1, InetAddress.getByName("127.0.0.1"))) {
                return "127.0.0.1:" + (second.getLocalPort() - 1);
            } catch (final SocketException | UnknownHostException | IllegalArgumentException e) {
                // the next one
            }
        }
        throw new IllegalStateException("no two free ports");
    }
}
