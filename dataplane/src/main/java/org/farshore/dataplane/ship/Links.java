package org.farshore.dataplane.ship;

/** The network seam: makes the ends of hops. Aeron in production, a seeded model under test. */
public interface Links extends AutoCloseable {
    /** A new connection attempt towards the receiver at {@code endpoint}, {@code host:port}. */
    SenderLink connect(String endpoint);

    /** The receiving end at {@code endpoint}, {@code host:port}; the response channel's control port is port + 1. */
    ReceiverLink listen(String endpoint);

    /** Work the network needs from the role's own thread (client conductor); part of every duty cycle. */
    int doWork();

    @Override
    void close();
}
