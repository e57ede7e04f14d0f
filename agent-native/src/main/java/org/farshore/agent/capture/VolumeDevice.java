package org.farshore.agent.capture;

import org.farshore.dataplane.runtime.BlockFile;

/**
 * A protected volume as the agent finds it on this machine.
 *
 * @param number number in the stream, 0 to 63, kept for the life of the volume.
 * @param name the configured name.
 * @param uuidHigh first half of the volume's random identity.
 * @param uuidLow second half.
 * @param path the device or file as configured.
 * @param sizeBytes size now, multiple of 512.
 * @param file opened for O_DIRECT reading, for the reader's thread alone.
 */
public record VolumeDevice(
        int number, String name, long uuidHigh, long uuidLow, String path, long sizeBytes, BlockFile file) {}
