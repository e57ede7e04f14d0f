package org.farshore.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.farshore.agent.capture.BlockDevice;
import org.farshore.agent.capture.BlockDevices;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.StreamLimits;

/** The volumes of this machine. Size is asked for at each call, identity at every {@value #IDENTITY_CALLS}th. */
final class DeviceProbe implements VolumeProbe {
    private static final int IDENTITY_CALLS = 10;

    private final BlockDevices devices = new BlockDevices();
    private final BlockDevice[] places = new BlockDevice[StreamLimits.VOLUMES_MAX];
    private int calls;

    DeviceProbe(final List<VolumeDevice> volumes) {
        for (final VolumeDevice volume : volumes) {
            if (BlockDevices.isBlockDevice(Path.of(volume.path()))) {
                places[volume.number()] = devices.resolve(Path.of(volume.path()));
            }
        }
    }

    @Override
    public long sizeBytes(final VolumeDevice volume) {
        try {
            return volume.file().length() / StreamLimits.SECTOR_LENGTH * StreamLimits.SECTOR_LENGTH;
        } catch (final IOException e) {
            return volume.sizeBytes();
        }
    }

    @Override
    public String replacedReason(final VolumeDevice volume) {
        final BlockDevice place = places[volume.number()];
        if (place == null || calls++ % IDENTITY_CALLS != 0) {
            return null;
        }
        try {
            return devices.resolve(Path.of(volume.path())).isSamePlace(place)
                    ? null
                    : volume.path() + " is another disk now";
        } catch (final FarshoreException e) {
            return e.getMessage();
        }
    }
}
