package org.farshore.dataplane.ship;

import org.agrona.MutableDirectBuffer;

/**
 * Room for one message on a link. Where the network's frame is large enough it lies in the term buffer itself, so that a
 * message is encoded without a copy. Reused for every message; one thread.
 */
public interface Claim {
    /** The buffer to encode into; always direct memory. */
    MutableDirectBuffer buffer();

    /** Where in {@link #buffer()} the message begins. */
    int offset();

    /** Sends the message as encoded, whole claimed length. */
    void commit();

    /** Gives the room back, nothing is sent. */
    void abort();
}
