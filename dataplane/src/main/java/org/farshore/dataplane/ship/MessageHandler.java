package org.farshore.dataplane.ship;

import org.agrona.DirectBuffer;

/** Takes whole messages from a link. */
@FunctionalInterface
public interface MessageHandler {
    /**
     * One message: {@code length} bytes at {@code offset}, in direct memory, valid during the call only.
     *
     * @return false to leave the message, and those behind it, on the link for a later poll (back pressure).
     */
    boolean onMessage(DirectBuffer buffer, int offset, int length);
}
