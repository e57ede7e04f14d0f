package org.farshore.dataplane.volume;

import org.farshore.dataplane.codecs.replication.WriteOrder;

/**
 * One volume of a stream, as the stream stands at some place. Immutable: a change of size or state makes another, so that
 * it may be handed to another thread.
 */
public record StreamVolume(
        int number,
        long uuidHigh,
        long uuidLow,
        long sizeBytes,
        int sectorSize,
        String name,
        WriteOrder writeOrder,
        boolean everConverged) {

    /** The same volume with another size. */
    public StreamVolume withSize(final long newSizeBytes) {
        return new StreamVolume(number, uuidHigh, uuidLow, newSizeBytes, sectorSize, name, writeOrder, everConverged);
    }

    /** The same volume in another state; what was ORDERED once has converged for good. */
    public StreamVolume withState(final WriteOrder newWriteOrder) {
        final boolean converged = everConverged || newWriteOrder == WriteOrder.ORDERED;
        return new StreamVolume(number, uuidHigh, uuidLow, sizeBytes, sectorSize, name, newWriteOrder, converged);
    }

    /** True when it is the volume with this random id. */
    public boolean hasUuid(final long high, final long low) {
        return uuidHigh == high && uuidLow == low;
    }
}
