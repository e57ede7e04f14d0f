package org.farshore.dataplane.journal;

import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/** Volumes of a stream between a state record and a table. */
public final class VolumeStates {
    private static final int SECTOR_LENGTH_UNKNOWN = 512;

    private VolumeStates() {}

    /** What a state record says of a table. */
    public static List<VolumeState> of(final VolumeTable volumes) {
        final List<VolumeState> states = new ArrayList<>(volumes.size());
        for (final StreamVolume volume : volumes.all()) {
            states.add(new VolumeState(
                    volume.number(),
                    volume.uuidHigh(),
                    volume.uuidLow(),
                    volume.sizeBytes(),
                    volume.name(),
                    volume.writeOrder().value(),
                    volume.everConverged()));
        }
        return states;
    }

    /** Adds what a state record knows to a table. */
    public static void addTo(final StreamState state, final VolumeTable volumes) {
        for (final VolumeState volume : state.volumes()) {
            volumes.put(new StreamVolume(
                    volume.number(),
                    volume.uuidHigh(),
                    volume.uuidLow(),
                    volume.sizeBytes(),
                    SECTOR_LENGTH_UNKNOWN,
                    volume.name(),
                    WriteOrder.get((short) volume.writeOrder()),
                    volume.everConverged()));
        }
    }
}
