package org.farshore.tests.simulation.small;

import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.MemoryLinks;
import org.farshore.dataplane.ship.ReceiverLink;
import org.farshore.dataplane.ship.SenderLink;

/** The network as one process has it: whom it listens to, whom it sends to, and that all of it ends with the process. */
final class ProcessLinks implements Links {
    private final MemoryLinks below;
    private final MemoryLinks above;
    private final List<SenderLink> senders = new ArrayList<>();
    private ReceiverLink receiver;

    ProcessLinks(final MemoryLinks below, final MemoryLinks above) {
        this.below = below;
        this.above = above;
    }

    @Override
    public SenderLink connect(final String endpoint) {
        final SenderLink sender = above.connect(endpoint);
        senders.add(sender);
        return sender;
    }

    @Override
    public ReceiverLink listen(final String endpoint) {
        receiver = below.listen(endpoint);
        return receiver;
    }

    /** The process is no more: its connections end, nobody can make new ones. */
    void die() {
        senders.forEach(SenderLink::close);
        if (receiver != null) {
            receiver.close();
        }
    }

    @Override
    public int doWork() {
        return 0;
    }

    @Override
    public void close() {
        // The process goes on using it.
    }
}
