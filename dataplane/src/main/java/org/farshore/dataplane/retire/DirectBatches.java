package org.farshore.dataplane.retire;

import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/**
 * The memory for chunks that go straight to replicas, shared by all streams and bounded. The receive thread takes; the
 * commit thread gives back through a queue.
 */
public final class DirectBatches {
    private static final int BATCH_LENGTH = 4 << 20;

    private final int batchesMax;
    private final OneToOneConcurrentArrayQueue<DirectBatch> free;
    private int made;

    /** At most {@code memory} bytes in batches of 4 MiB. */
    public DirectBatches(final long memory) {
        batchesMax = (int) Math.max(2, memory / BATCH_LENGTH);
        free = new OneToOneConcurrentArrayQueue<>(batchesMax);
    }

    /** An empty batch, or null when all are under way. */
    public DirectBatch take() {
        final DirectBatch batch = free.poll();
        if (batch != null) {
            return batch;
        }
        if (made == batchesMax) {
            return null;
        }
        made++;
        return new DirectBatch(BATCH_LENGTH, free);
    }
}
