package org.farshore.dataplane.retire;

import org.farshore.dataplane.ship.BatchPayload;

/** The large memory of the apply thread, shared by all streams, which use it one after the other. */
final class ApplyStage {
    private final ApplyBatch batch;
    private final PieceComparer comparer = new PieceComparer();
    private final BatchPayload payload = new BatchPayload();

    ApplyStage(final int arenaLength) {
        batch = new ApplyBatch(arenaLength);
    }

    ApplyBatch batch() {
        return batch;
    }

    PieceComparer comparer() {
        return comparer;
    }

    BatchPayload payload() {
        return payload;
    }

    void close() {
        comparer.close();
    }
}
