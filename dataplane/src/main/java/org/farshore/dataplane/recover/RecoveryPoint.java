package org.farshore.dataplane.recover;

import java.util.List;
import java.util.UUID;
import org.farshore.dataplane.codecs.replication.BarrierKind;

/**
 * A state of a machine's disks that one can go back to.
 *
 * @param sequence newest record in it.
 * @param windowBegin first record of the window that ends here: a state inside a window cannot be chosen. Equal to sequence
 *     as long as nothing on the way has put writes together.
 * @param position journal position: everything below is in it,
 * @param frameEntries and so many entries of the batch in the frame that begins there.
 * @param wallTimeNs clock of the protected machine at the cut, epoch nanoseconds; for choosing only, sequence orders.
 * @param captureTimeNs its CLOCK_MONOTONIC.
 * @param kind what made the cut.
 * @param endOfResync true when it is the first point of a volume, or the first after its order had been lost.
 * @param timeUncertain true when the machine's clock was set back or forth so that an earlier point bears a later time.
 * @param label given by whoever asked for it; may be empty.
 * @param volumes that were in write order.
 * @param complete true when those were all volumes of the machine.
 */
public record RecoveryPoint(
        long sequence,
        long windowBegin,
        long position,
        int frameEntries,
        long wallTimeNs,
        long captureTimeNs,
        BarrierKind kind,
        boolean endOfResync,
        boolean timeUncertain,
        String label,
        List<PointVolume> volumes,
        boolean complete) {
    /** A volume as it was at the point. */
    public record PointVolume(UUID uuid, int number, long sizeBytes) {}

    public RecoveryPoint {
        volumes = List.copyOf(volumes);
    }

    /** Position that retire must not pass while this point is in use. */
    public long heldPosition() {
        return position;
    }
}
