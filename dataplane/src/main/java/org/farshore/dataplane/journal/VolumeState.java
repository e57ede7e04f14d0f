package org.farshore.dataplane.journal;

/**
 * A volume of a stream as the state record keeps it.
 *
 * @param number its number in the stream.
 * @param uuidHigh random identity, upper half.
 * @param uuidLow random identity, lower half.
 * @param sizeBytes its size.
 * @param name as configured at the agent; ASCII, at most {@link StateFile#VOLUME_NAME_LENGTH_MAX} bytes.
 * @param writeOrder value of WriteOrder of the replication schema.
 * @param everConverged true when a recovery point ever named it.
 */
public record VolumeState(
        int number, long uuidHigh, long uuidLow, long sizeBytes, String name, int writeOrder, boolean everConverged) {}
