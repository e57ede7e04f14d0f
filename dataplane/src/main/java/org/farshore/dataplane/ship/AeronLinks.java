package org.farshore.dataplane.ship;

import io.aeron.Aeron;
import java.util.ArrayList;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.StateLog;

/**
 * Hops over Aeron.
 *
 * <p><strong>How a connection comes about.</strong> The sender first opens a response subscription, then a hello
 * publication that names it. The receiver, seeing the hello image, opens a response publication that names the image; the
 * drivers tell each other the session, and from then on both directions work with one open port pair at the receiver
 * and none at the sender. After Hello the receiver draws a stream id and a session id and subscribes to exactly these;
 * Welcome carries them back, and the sender opens the data publication. A stranger would have to guess 64 bits to get
 * an image there. There is no session limit on the hello stream, because the limit would lock honest senders
 * out; what an unknown sender can take is bounded by the number of peers instead.
 *
 * <p><strong>How a connection ends.</strong> A killed process is noticed by both drivers within 5 s. A closed one says
 * so: end of stream one way, an error frame the other way. When a receiver is killed and starts again at the same address,
 * the sender's driver goes on sending the old hello stream to it. It would join in the middle, and its response
 * subscription is bound for life to the old receiver's session: the connection could never be used. The new receiver
 * therefore refuses every hello stream it has not seen from the first byte; the refusal reaches the sender's driver
 * at once, the old link is lost, and a new one says Hello. Data streams are opened for one connection and are never
 * joined again.
 *
 * <p><strong>Threads.</strong> All methods of links, peers and claims are called by one thread, which also calls
 * {@link #doWork()}. Nothing waits: streams are added asynchronously, and what is not there yet is not connected yet.
 */
public final class AeronLinks implements Links {
    /** Peers of one receiver that may be connected at once, unless the role says otherwise. */
    public static final int PEERS_MAX_DEFAULT = 256;

    private static final StateLog LOG = StateLog.of(AeronLinks.class);

    private final RoleDriver driver;
    private final Clocks clocks;
    private final Entropy entropy;
    private final int peersMax;
    private final int loopbackMtuLength;
    private final AtomicCounter malformed;
    private final ArrayList<AeronSenderLink> senders = new ArrayList<>();
    private final ArrayList<AeronReceiverLink> receivers = new ArrayList<>();

    /** Links of one role with at most {@code peersMax} peers at each receiver. */
    public AeronLinks(final RoleDriver driver, final Clocks clocks, final Entropy entropy, final int peersMax) {
        this(driver, clocks, entropy, peersMax, AeronChannels.LOOPBACK_MTU_LENGTH);
    }

    AeronLinks(
            final RoleDriver driver,
            final Clocks clocks,
            final Entropy entropy,
            final int peersMax,
            final int loopbackMtuLength) {
        this.driver = driver;
        this.loopbackMtuLength = loopbackMtuLength;
        this.clocks = clocks;
        this.entropy = entropy;
        this.peersMax = peersMax;
        this.malformed = driver.counters().newCounter(ReplicationCounter.MALFORMED, "links");
        driver.onRefusal(this::onRefusal);
    }

    @Override
    public SenderLink connect(final String endpoint) {
        final AeronSenderLink link = new AeronSenderLink(this, channels(endpoint));
        senders.add(link);
        return link;
    }

    @Override
    public ReceiverLink listen(final String endpoint) {
        final AeronChannels channels = channels(endpoint);
        if (!channels.isLoopback()) {
            LOG.warn(
                    "listen",
                    endpoint,
                    "warning",
                    "strangers are not kept out yet: anybody who reaches this address can send; use a private network");
        }
        final AeronReceiverLink link = new AeronReceiverLink(this, channels, endpoint, peersMax);
        receivers.add(link);
        return link;
    }

    @Override
    public int doWork() {
        int workCount = driver.conductor().invoke();
        for (int i = 0; i < senders.size(); i++) {
            workCount += senders.get(i).advance();
        }
        for (int i = 0; i < receivers.size(); i++) {
            workCount += receivers.get(i).advance();
        }
        return workCount;
    }

    @Override
    public void close() {
        while (!senders.isEmpty()) {
            senders.get(senders.size() - 1).close();
        }
        while (!receivers.isEmpty()) {
            receivers.get(receivers.size() - 1).close();
        }
    }

    void onClosed(final AeronSenderLink link) {
        senders.remove(link);
    }

    void onClosed(final AeronReceiverLink link) {
        receivers.remove(link);
    }

    private void onRefusal(final long registrationId) {
        for (int i = 0; i < senders.size(); i++) {
            senders.get(i).onRefusal(registrationId);
        }
    }

    void onMalformed() {
        malformed.incrementRelease();
    }

    Aeron aeron() {
        return driver.aeron();
    }

    ErrorHandler errorHandler() {
        return driver.errorHandler();
    }

    Clocks clocks() {
        return clocks;
    }

    Entropy entropy() {
        return entropy;
    }

    private AeronChannels channels(final String endpoint) {
        return new AeronChannels(endpoint, loopbackMtuLength, driver.context().mtuLength());
    }
}
