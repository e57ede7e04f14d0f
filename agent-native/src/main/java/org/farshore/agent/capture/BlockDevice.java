package org.farshore.agent.capture;

import java.util.List;

/**
 * Where a protected volume lies, as the kernel has it now.
 *
 * @param path as it was asked for.
 * @param diskName the whole disk's name in {@code /sys/block}.
 * @param device number of the whole disk in the kernel's form, major shifted left by 20, or'ed with minor.
 * @param diskSequence counts every disk of this boot that ever took a number; 0 where the kernel does not tell.
 * @param startSector first sector (of 512 bytes) on the disk; 0 unless a partition.
 * @param sectorCount sectors of 512 bytes.
 * @param logicalBlockLength smallest write in bytes.
 * @param zoned true when sectors must be written in order.
 * @param holders devices stacked on it.
 */
public record BlockDevice(
        String path,
        String diskName,
        int device,
        long diskSequence,
        long startSector,
        long sectorCount,
        int logicalBlockLength,
        boolean zoned,
        List<String> holders) {
    /** Size in bytes. */
    public long sizeBytes() {
        return sectorCount << 9;
    }

    /** True when it is the same stretch of the same disk; its length may differ. */
    public boolean isSamePlace(final BlockDevice other) {
        return device == other.device && diskSequence == other.diskSequence && startSector == other.startSector;
    }

    /** True when both share sectors of one disk. */
    public boolean overlaps(final BlockDevice other) {
        return device == other.device
                && startSector < other.startSector + other.sectorCount
                && other.startSector < startSector + sectorCount;
    }
}
