package org.farshore.agent;

import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.stream.ProtectedVolume;

/** Looks whether a volume still is the disk it was: one that grew is followed, one that shrank or was replaced is stopped. */
final class VolumeSizes {
    private final CaptureSource source;
    private final VolumeProbe probe;

    VolumeSizes(final CaptureSource source, final VolumeProbe probe) {
        this.source = source;
        this.probe = probe;
    }

    /** Looks at once at those beyond whose end a write was seen. */
    void checkWanted(final ProtectedVolume[] volumes) {
        for (final ProtectedVolume volume : volumes) {
            if (volume.pollSizeCheckWanted()) {
                final long before = volume.sizeBytes();
                check(volume);
                if (volume.sizeBytes() == before) {
                    volume.stop("a write was captured beyond its end at " + before);
                }
            }
        }
    }

    void check(final ProtectedVolume volume) {
        if (volume.isStopped()) {
            return;
        }
        final String replaced = probe.replacedReason(volume.device());
        final long sizeBytes = probe.sizeBytes(volume.device());
        if (replaced != null) {
            volume.stop(replaced);
        } else if (sizeBytes < volume.sizeBytes()) {
            volume.stop("it has shrunk from " + volume.sizeBytes() + " to " + sizeBytes + " bytes");
        } else if (sizeBytes > volume.sizeBytes()) {
            grow(volume, sizeBytes);
        }
    }

    private void grow(final ProtectedVolume volume, final long sizeBytes) {
        if (source.grow(volume.number(), sizeBytes)) {
            volume.grow(sizeBytes);
        } else {
            volume.stop("it has grown to " + sizeBytes
                    + " bytes, more than this capture can follow: detach and start anew");
        }
    }
}
