package org.farshore.agent;

import org.farshore.agent.capture.VolumeDevice;

/** Looks at a protected volume from outside, once a second; must not block for long. */
public interface VolumeProbe {
    /** Size of the volume now, in bytes; the last size known when it cannot be told. */
    long sizeBytes(VolumeDevice volume);

    /** Null while the path names the disk that it named at the start, else what is wrong. */
    String replacedReason(VolumeDevice volume);
}
