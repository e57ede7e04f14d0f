package org.farshore.dataplane.journal;

import org.agrona.DirectBuffer;

/** Takes frames of the journal in order, PAD frames left out. */
@FunctionalInterface
public interface JournalFrameHandler {
    /**
     * One verified frame. Flyweight and buffer (direct memory) are valid during the call only.
     *
     * @param position where the frame begins.
     * @return false to leave this frame for a later call; {@link JournalRecovery} does not ask.
     */
    boolean onFrame(long position, JournalFrameFlyweight frame, DirectBuffer buffer, int bodyOffset, int bodyLength);
}
