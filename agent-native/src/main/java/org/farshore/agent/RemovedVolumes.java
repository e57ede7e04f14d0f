package org.farshore.agent;

import java.util.Arrays;
import org.farshore.agent.session.Welcome;
import org.farshore.agent.stream.ProtectedVolume;
import org.farshore.agent.stream.SingleRecords;
import org.farshore.dataplane.ship.StreamLimits;

/** Volumes that the receiver knows and this agent does not follow any more: they leave the stream by a record of their own. */
final class RemovedVolumes {
    private final boolean[] removed = new boolean[StreamLimits.VOLUMES_MAX];
    private boolean any;

    /** Compares what the receiver knows with what is followed; also where one of ours has such a number now. */
    void note(final Welcome welcome, final ProtectedVolume[] volumes) {
        Arrays.fill(removed, false);
        any = false;
        for (int i = 0; i < welcome.volumeCount(); i++) {
            final int number = welcome.number(i);
            if (number < removed.length && !isFollowed(welcome, i, volumes)) {
                removed[number] = true;
                any = true;
            }
        }
    }

    private static boolean isFollowed(final Welcome welcome, final int index, final ProtectedVolume[] volumes) {
        for (final ProtectedVolume volume : volumes) {
            if (welcome.find(volume.device().uuidHigh(), volume.device().uuidLow()) == index) {
                return true;
            }
        }
        return false;
    }

    /** Tells the receiver; false when the link has no room now: to be called again. */
    boolean announce(
            final SingleRecords records, final boolean isAtEnd, final long takenPosition, final long captureTimeNs) {
        for (int number = 0; any && number < removed.length; number++) {
            if (removed[number]) {
                records.at(isAtEnd, takenPosition, captureTimeNs);
                if (!records.removed(number)) {
                    return false;
                }
                removed[number] = false;
            }
        }
        any = false;
        return true;
    }
}
