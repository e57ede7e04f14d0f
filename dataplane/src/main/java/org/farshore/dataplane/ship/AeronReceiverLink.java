package org.farshore.dataplane.ship;

import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.RegistrationException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The receiving end over Aeron; see {@link AeronLinks} for how a connection comes and goes.
 *
 * <p>A peer that its role closes is silent at once, but its streams stay for {@value #FAREWELL_MS} ms: the role has
 * usually just said why (Reject), and a sender that first hears of the closed data stream would not wait for the reason.
 * A stream whose sender never says anything is refused after {@value #SILENCE_MS} ms.
 */
final class AeronReceiverLink implements ReceiverLink {
    private static final long FAREWELL_MS = 500;
    private static final long SILENCE_MS = 10_000;
    private static final long MS_NS = 1_000_000L;

    /** A peer and when to look at it again. */
    private static final class Entry {
        private final AeronPeer peer;
        private long deadlineNs;

        Entry(final AeronPeer peer, final long deadlineNs) {
            this.peer = peer;
            this.deadlineNs = deadlineNs;
        }
    }

    private final AeronLinks links;
    private final AeronChannels channels;
    private final String endpoint;
    private final int peersMax;
    private final ArrayDeque<Image> arrivals = new ArrayDeque<>();
    private final ArrayList<Entry> entries = new ArrayList<>();
    private final ArrayList<Entry> leaving = new ArrayList<>();
    private final long helloId;
    private Subscription hello;
    private int nextIndex;
    private boolean isClosed;

    AeronReceiverLink(final AeronLinks links, final AeronChannels channels, final String endpoint, final int peersMax) {
        this.links = links;
        this.channels = channels;
        this.endpoint = endpoint;
        this.peersMax = peersMax;
        this.helloId = links.aeron()
                .asyncAddSubscription(
                        channels.helloSubscription(), AeronChannels.HELLO_STREAM_ID, arrivals::add, image -> {});
    }

    int advance() {
        int workCount = 0;
        if (hello == null) {
            try {
                hello = links.aeron().getSubscription(helloId);
            } catch (final RegistrationException e) {
                throw new FarshoreException(
                        ExitCode.UNAVAILABLE, "cannot listen at " + endpoint + ": " + e.getMessage(), e);
            }
        }
        for (Image image = arrivals.poll(); image != null; image = arrivals.poll()) {
            admit(image);
            workCount++;
        }
        for (int i = 0; i < entries.size(); i++) {
            entries.get(i).peer.advance();
        }
        return workCount + (leaving.isEmpty() ? 0 : releaseLeaving());
    }

    private void admit(final Image image) {
        if (image.isClosed()) {
            return;
        }
        if (image.joinPosition() != 0) {
            image.reject("this stream began with an earlier receiver");
        } else if (entries.size() + leaving.size() >= peersMax) {
            links.errorHandler()
                    .onError(new IllegalStateException("refused " + image.sourceIdentity() + ": " + peersMax
                            + " peers are connected to " + endpoint));
            image.reject("too many peers");
        } else {
            entries.add(new Entry(
                    new AeronPeer(links, channels, image), links.clocks().nanoTime() + SILENCE_MS * MS_NS));
        }
    }

    @Override
    public int poll(final Handler handler, final int limit) {
        int workCount = 0;
        final int count = entries.size();
        nextIndex = nextIndex + 1 >= count ? 0 : nextIndex + 1;
        for (int i = 0; i < count; i++) {
            final int index = nextIndex + i < count ? nextIndex + i : nextIndex + i - count;
            workCount += entries.get(index).peer.poll(handler, limit);
        }
        for (int i = entries.size() - 1; i >= 0; i--) {
            workCount += sweep(handler, i);
        }
        return workCount;
    }

    /** Takes a peer out that the role has closed, that is lost, or that never spoke. */
    private int sweep(final Handler handler, final int index) {
        final Entry entry = entries.get(index);
        final AeronPeer peer = entry.peer;
        if (peer.isClosed()) {
            entry.deadlineNs = links.clocks().nanoTime() + FAREWELL_MS * MS_NS;
            leaving.add(entry);
            entries.remove(index);
            return 1;
        }
        if (peer.isLost() || isSilent(entry)) {
            entries.remove(index);
            peer.release();
            if (peer.isHeard()) {
                handler.onPeerLost(peer);
            }
            return 1;
        }
        return 0;
    }

    private boolean isSilent(final Entry entry) {
        return !entry.peer.isHeard() && links.clocks().nanoTime() - entry.deadlineNs > 0;
    }

    private int releaseLeaving() {
        final long nowNs = links.clocks().nanoTime();
        int workCount = 0;
        for (int i = leaving.size() - 1; i >= 0; i--) {
            final Entry entry = leaving.get(i);
            if (nowNs - entry.deadlineNs >= 0) {
                leaving.remove(i);
                entry.peer.release();
                workCount++;
            }
        }
        return workCount;
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        entries.forEach(entry -> entry.peer.release());
        leaving.forEach(entry -> entry.peer.release());
        entries.clear();
        leaving.clear();
        if (hello != null) {
            hello.close();
        } else {
            links.aeron().asyncRemoveSubscription(helloId);
        }
        links.onClosed(this);
    }
}
