package org.farshore.dataplane.receive;

import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.ReceiverLink.Peer;

/** Rejections on their way: each is tried until its peer can be reached, for a bounded time, then the peer is closed. */
final class Farewells {
    private static final int FAREWELLS_MAX = 64;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(5);

    private record Farewell(Peer peer, long connectionId, RejectReason reason, String text, long deadlineNs) {}

    private final ResponseProxy proxy;
    private final ArrayList<Farewell> farewells = new ArrayList<>();

    Farewells(final ResponseProxy proxy) {
        this.proxy = proxy;
    }

    /** Rejects a peer, which is not spoken to otherwise any more. */
    void say(final Peer peer, final long connectionId, final RejectReason reason, final String text, final long nowNs) {
        peer.attach(this);
        if (farewells.size() == FAREWELLS_MAX) {
            farewells.remove(0).peer().close();
        }
        farewells.add(new Farewell(peer, connectionId, reason, text, nowNs + PATIENCE_NS));
    }

    /** True for a peer that is being rejected. */
    boolean concerns(final Peer peer) {
        return peer.attachment() == this;
    }

    void forget(final Peer peer) {
        farewells.removeIf(farewell -> farewell.peer() == peer);
    }

    int doWork(final long nowNs) {
        int work = 0;
        for (int i = farewells.size() - 1; i >= 0; i--) {
            final Farewell farewell = farewells.get(i);
            final LinkStatus status =
                    proxy.reject(farewell.peer(), farewell.connectionId(), farewell.reason(), farewell.text());
            if (status == LinkStatus.OK || status == LinkStatus.CLOSED || nowNs - farewell.deadlineNs() >= 0) {
                farewells.remove(i);
                farewell.peer().close();
                work++;
            }
        }
        return work;
    }
}
