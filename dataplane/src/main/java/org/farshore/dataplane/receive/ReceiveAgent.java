package org.farshore.dataplane.receive;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.HelloMessage;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.ReceiverLink;
import org.farshore.dataplane.ship.StreamLimits;

/** The receive thread: polls the link for all machines and steps their sessions. Never waits for a disk. */
public final class ReceiveAgent implements Agent, ReceiverLink.Handler {
    private static final StateLog LOG = StateLog.bounded(ReceiveAgent.class);
    private static final int MESSAGES_AT_ONCE = 16;

    private final ReceiveContext context;
    private final Links links;
    private final ReceiverLink link;
    private final ResponseProxy proxy = new ResponseProxy();
    private final Farewells farewells = new Farewells(proxy);
    private final HelloMessage hello = new HelloMessage();
    private final List<ReceiveSession> sessions = new ArrayList<>();
    private long nowNs;

    /**
     * Makes the agent.
     *
     * @param links does its work in this agent's duty cycle and is closed with it.
     * @param endpoint where to listen, {@code host:port}.
     */
    public ReceiveAgent(final ReceiveContext context, final Links links, final String endpoint) {
        this.context = context;
        this.links = links;
        this.link = links.listen(endpoint);
    }

    /** Takes on a stream that was opened at start. */
    public void add(final TargetStream stream) {
        newSession(stream.machine()).open(stream);
    }

    private ReceiveSession newSession(final String machine) {
        final ReceiveSession session = new ReceiveSession(context, machine, proxy, farewells);
        sessions.add(session);
        return session;
    }

    @Override
    public int doWork() {
        nowNs = context.clocks().nanoTime();
        int work = links.doWork();
        work += link.poll(this, MESSAGES_AT_ONCE);
        for (int i = 0; i < sessions.size(); i++) {
            work += sessions.get(i).doWork(nowNs);
        }
        return work + farewells.doWork(nowNs);
    }

    @Override
    public void onHello(final ReceiverLink.Peer peer, final DirectBuffer buffer, final int offset, final int length) {
        if (farewells.concerns(peer)) {
            return;
        }
        final ReceiveSession session = peer.attachment() instanceof ReceiveSession held ? held : null;
        final String complaint = hello.wrap(buffer, offset, length);
        if (complaint != null) {
            onBrokenHello(peer, session, complaint);
        } else if (hello.isGoodbye()) {
            if (session != null) {
                session.onGoodbye(hello.connectionId());
            }
        } else if (session != null && !session.isConnection(hello)) {
            // A link is made for one connection of one machine; whoever begins another on it does not keep to the
            // grammar.
            onBrokenHello(peer, session, "a second connection on one link");
        } else if (hello.protocolVersion() != StreamLimits.PROTOCOL_VERSION) {
            refuse(
                    peer,
                    RejectReason.VERSION,
                    "protocol version " + hello.protocolVersion() + ", this master target speaks "
                            + StreamLimits.PROTOCOL_VERSION);
        } else {
            greet(peer);
        }
    }

    /** Nothing that follows on such a link can be trusted to be what it looks like. */
    private void onBrokenHello(final ReceiverLink.Peer peer, final ReceiveSession session, final String complaint) {
        context.malformed().incrementRelease();
        if (session != null) {
            session.breach(complaint, nowNs);
        } else {
            LOG.warn("peer", peer.describe(), "refused", complaint);
            peer.close();
        }
    }

    private void greet(final ReceiverLink.Peer peer) {
        final String machine = TargetStreams.hex(hello.machineIdHigh(), hello.machineIdLow());
        if (!context.isLetIn(machine)) {
            refuse(
                    peer,
                    RejectReason.UNKNOWN_MACHINE,
                    "machine " + machine + " is not let in: name it in farshore.master-target.machines");
            return;
        }
        ReceiveSession session = find();
        if (session == null && sessions.size() >= context.machinesMax()) {
            refuse(
                    peer,
                    RejectReason.UNKNOWN_MACHINE,
                    "this master target serves " + sessions.size()
                            + " machines already (farshore.master-target.machines.max)");
            return;
        }
        if (session == null) {
            session = newSession(machine);
        }
        session.onHello(peer, hello, nowNs);
    }

    private ReceiveSession find() {
        for (final ReceiveSession session : sessions) {
            if (session.isMachine(hello.machineIdHigh(), hello.machineIdLow())) {
                return session;
            }
        }
        return null;
    }

    private void refuse(final ReceiverLink.Peer peer, final RejectReason reason, final String text) {
        LOG.warn("peer", peer.describe(), "rejected", reason, "reason", text);
        farewells.say(peer, hello.connectionId(), reason, text, nowNs);
    }

    @Override
    public boolean onData(final ReceiverLink.Peer peer, final DirectBuffer buffer, final int offset, final int length) {
        return !(peer.attachment() instanceof ReceiveSession session)
                || session.onData(peer, buffer, offset, length, nowNs);
    }

    @Override
    public void onPeerLost(final ReceiverLink.Peer peer) {
        farewells.forget(peer);
        if (peer.attachment() instanceof ReceiveSession session) {
            session.onPeerLost(peer);
        }
    }

    @Override
    public void onClose() {
        sessions.forEach(ReceiveSession::close);
        link.close();
        links.close();
    }

    @Override
    public String roleName() {
        return "receive";
    }
}
