package org.farshore.dataplane.processserver;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.HelloMessage;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.ReceiverLink;
import org.farshore.dataplane.ship.ReceiverLink.Peer;

/**
 * The whole data path of a process server: receive, optimise and ship, for all machines, in one duty cycle.
 *
 * <p><strong>Why one thread, and no queue between the stages.</strong> A batch is read where the network put it, optimised
 * into the network's buffer of the next hop, and only then taken off the first. So it is copied once, compressed or
 * not, and there is no buffer in which a batch could be lost or reordered. Back pressure costs nothing to build: if the
 * next hop has no room, the batch is not taken. Two cores must do for the machine; the media driver fills one,
 * this thread the other, and a queue with a third thread only moves batches between their caches. Where LZ4 is the limit
 * of one core (0.7 GB/s), more machines are spread over more process servers. Spooling keeps the shape: it stands
 * where the next hop is claimed.
 *
 * <p><strong>Which connection counts.</strong> A new connection of the same capture ends the older one here at once
 * (SUPERSEDED): the agent was restarted, or its link broke and we have not noticed. A connection of another
 * capture under the same machine id may be a clone; both are passed up, and the master target, which knows when it last
 * heard the other, decides.
 */
public final class RelayAgent implements Agent, ReceiverLink.Handler {
    /** Messages of one machine in one duty cycle, at most 1 MiB, so that no machine starves another. */
    private static final int DATA_LIMIT = 16;

    private static final StateLog LOG = StateLog.bounded(RelayAgent.class);

    /** Names a machine's counters. */
    private record MachineId(long high, long low) {}

    private final Links links;
    private final Entropy entropy;
    private final CounterFactory counterFactory;
    private final String targetEndpoint;
    private final int machinesMax;
    private final ReceiverLink receiver;
    private final HelloMessage hello = new HelloMessage();
    private final ArrayList<RelaySession> sessions = new ArrayList<>();
    private final Map<MachineId, RelayCounters> counters = new LinkedHashMap<>();
    private final AtomicCounter malformed;

    /**
     * Listens at once.
     *
     * @param listenEndpoint where agents send to.
     * @param targetEndpoint the master target.
     * @param machinesMax most machines with a connection at the same time.
     */
    public RelayAgent(
            final Links links,
            final Entropy entropy,
            final CounterFactory counterFactory,
            final String listenEndpoint,
            final String targetEndpoint,
            final int machinesMax) {
        this.links = links;
        this.entropy = entropy;
        this.counterFactory = counterFactory;
        this.targetEndpoint = targetEndpoint;
        this.machinesMax = machinesMax;
        this.malformed = counterFactory.newCounter(ReplicationCounter.MALFORMED, "");
        this.receiver = links.listen(listenEndpoint);
    }

    @Override
    public int doWork() {
        int workCount = links.doWork();
        workCount += receiver.poll(this, DATA_LIMIT);
        for (int i = sessions.size() - 1; i >= 0; i--) {
            final RelaySession session = sessions.get(i);
            workCount += session.doWork();
            if (session.isClosed()) {
                sessions.remove(i);
            }
        }
        return workCount;
    }

    @Override
    public void onHello(final Peer peer, final DirectBuffer buffer, final int offset, final int length) {
        final String complaint = hello.wrap(buffer, offset, length);
        if (complaint != null) {
            malformed.incrementRelease();
            LOG.warn("peer", peer.describe(), "refused", complaint);
            endSession(peer, "broken hello stream");
            peer.close();
            return;
        }
        final RelaySession session = (RelaySession) peer.attachment();
        if (hello.isGoodbye()) {
            if (session != null && session.isSameConnection(hello)) {
                session.onGoodbye();
            }
        } else if (session != null) {
            onHelloAgain(peer, session, buffer, offset, length);
        } else {
            open(peer, buffer, offset, length);
        }
    }

    private void onHelloAgain(
            final Peer peer,
            final RelaySession session,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        if (session.isSameConnection(hello)) {
            session.onHello(buffer, offset, length);
        } else {
            // A link is made for one connection; a sender that begins another on it does not keep to the grammar.
            malformed.incrementRelease();
            session.end(RejectReason.PROTOCOL, "a second connection on one link");
            peer.close();
        }
    }

    private void open(final Peer peer, final DirectBuffer buffer, final int offset, final int length) {
        for (int i = 0; i < sessions.size(); i++) {
            if (sessions.get(i).isSameCapture(hello)) {
                sessions.get(i).end(RejectReason.SUPERSEDED, "the machine has connected again");
            }
        }
        if (openSessions() >= machinesMax) {
            LOG.warn("peer", peer.describe(), "refused", "more than " + machinesMax + " machines");
            peer.close();
            return;
        }
        final RelaySession session =
                new RelaySession(hello, entropy.nextLong(), peer, links.connect(targetEndpoint), countersOf(hello));
        peer.attach(session);
        sessions.add(session);
        session.onHello(buffer, offset, length);
    }

    private int openSessions() {
        int count = 0;
        for (int i = 0; i < sessions.size(); i++) {
            count += sessions.get(i).isClosed() ? 0 : 1;
        }
        return count;
    }

    /** The machine's counters; those of the machine that was first seen longest ago give way to too many. */
    private RelayCounters countersOf(final HelloMessage message) {
        final MachineId id = new MachineId(message.machineIdHigh(), message.machineIdLow());
        final RelayCounters known = counters.get(id);
        if (known != null) {
            return known;
        }
        if (counters.size() >= 2 * machinesMax) {
            for (final MachineId old : counters.keySet()) {
                if (!hasSession(old)) {
                    counters.remove(old).close();
                    break;
                }
            }
        }
        final RelayCounters fresh = new RelayCounters(counterFactory, RelaySession.nameOf(message));
        counters.put(id, fresh);
        return fresh;
    }

    private boolean hasSession(final MachineId id) {
        for (int i = 0; i < sessions.size(); i++) {
            final RelaySession session = sessions.get(i);
            if (session.machineIdHigh() == id.high && session.machineIdLow() == id.low) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean onData(final Peer peer, final DirectBuffer buffer, final int offset, final int length) {
        final RelaySession session = (RelaySession) peer.attachment();
        return session == null || session.onData(buffer, offset, length);
    }

    @Override
    public void onPeerLost(final Peer peer) {
        endSession(peer, "the agent is gone");
    }

    private static void endSession(final Peer peer, final String reason) {
        final RelaySession session = (RelaySession) peer.attachment();
        if (session != null) {
            session.close(reason);
        }
    }

    @Override
    public String roleName() {
        return "process-server-relay";
    }

    /** Tells every agent, so that none waits for a silence of seconds. */
    @Override
    public void onClose() {
        for (final RelaySession session : sessions) {
            session.end(RejectReason.UPSTREAM_LOST, "the process server ends");
        }
        links.close();
    }
}
