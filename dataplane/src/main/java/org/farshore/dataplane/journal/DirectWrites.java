package org.farshore.dataplane.journal;

import java.io.IOException;

/**
 * Chunks that go straight to a replica volume. They ride with the group that holds their COPIED frames: the commit thread
 * writes and syncs them before the group, so that the durable position never passes a chunk that is not on the disk.
 */
@FunctionalInterface
public interface DirectWrites {
    /**
     * Writes and syncs everything, on the commit thread; the caller's buffers are free again on return.
     *
     * @throws IOException naming the file; everything is then still held, and written again by a later call.
     */
    void writeAndSync() throws IOException;
}
