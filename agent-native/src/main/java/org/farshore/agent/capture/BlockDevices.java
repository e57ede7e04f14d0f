package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Finds a block device's place in sysfs: whole disks, partitions, loop, zram, device mapper. Works without privileges: a
 * device's number is in its inode, everything else is in files that all may read.
 */
public final class BlockDevices {
    private static final Path SYSTEM = Path.of("/sys");

    private final Path sys;

    /** The devices of this machine. */
    public BlockDevices() {
        this(SYSTEM);
    }

    /** Devices as a copy of sysfs at {@code sys} describes them. */
    BlockDevices(final Path sys) {
        this.sys = sys;
    }

    /** True when {@code path} is a block device. */
    public static boolean isBlockDevice(final Path path) {
        try {
            final int mode = (Integer) Files.getAttribute(path, "unix:mode");
            return (mode & 0170000) == 0060000;
        } catch (final IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /**
     * Where {@code path} lies.
     *
     * @throws FarshoreException CONFIGURATION when it is no block device.
     */
    public BlockDevice resolve(final Path path) {
        try {
            if (!isBlockDevice(path)) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION, path + " is no block device; name one, or capture it by scan");
            }
            final long number = ((Number) Files.getAttribute(path, "unix:rdev")).longValue();
            return describe(path.toString(), majorOf(number), minorOf(number));
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.CONFIGURATION, "cannot look at " + path + ": " + e.getMessage(), e);
        }
    }

    /**
     * As {@link #resolve}, and refuses what capture cannot follow.
     *
     * @throws FarshoreException CONFIGURATION, with what to protect instead.
     */
    public BlockDevice resolveProtectable(final Path path) {
        final BlockDevice device = resolve(path);
        if (device.zoned()) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    path + " is a zoned device: its writes choose their place on the device; it cannot be protected");
        }
        if (!device.holders().isEmpty()) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    path + " is part of " + String.join(", ", device.holders()) + ": protect that device instead, "
                            + "writes may pass below it unseen");
        }
        if (device.sectorCount() == 0) {
            throw new FarshoreException(ExitCode.CONFIGURATION, path + " has no sectors: is there a medium in it?");
        }
        return device;
    }

    BlockDevice describe(final String path, final int major, final int minor) throws IOException {
        final Path entry = sys.resolve("dev/block").resolve(major + ":" + minor).toRealPath();
        final boolean partition = Files.exists(entry.resolve("partition"));
        final Path disk = partition ? entry.getParent() : entry;
        final String[] diskNumber = text(disk.resolve("dev")).split(":", -1);
        return new BlockDevice(
                path,
                disk.getFileName().toString(),
                Integer.parseInt(diskNumber[0]) << 20 | Integer.parseInt(diskNumber[1]),
                number(disk.resolve("diskseq"), 0),
                partition ? number(entry.resolve("start"), 0) : 0,
                number(entry.resolve("size"), 0),
                (int) number(disk.resolve("queue/logical_block_size"), 512),
                isZoned(disk),
                holders(entry, disk, partition));
    }

    private static boolean isZoned(final Path disk) throws IOException {
        final Path file = disk.resolve("queue/zoned");
        return Files.exists(file) && !"none".equals(text(file));
    }

    /** A whole disk is also held when one of its partitions is. */
    private static List<String> holders(final Path entry, final Path disk, final boolean partition) throws IOException {
        if (partition) {
            return names(entry.resolve("holders"));
        }
        try (Stream<Path> children = Files.list(disk)) {
            final List<Path> places = children.filter(child -> Files.exists(child.resolve("partition")))
                    .map(child -> child.resolve("holders"))
                    .collect(Collectors.toList());
            places.add(disk.resolve("holders"));
            final Map<String, Boolean> found = new java.util.TreeMap<>();
            for (final Path place : places) {
                names(place).forEach(name -> found.put(name, true));
            }
            return List.copyOf(found.keySet());
        }
    }

    private static List<String> names(final Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }

    private static String text(final Path file) throws IOException {
        return Files.readString(file).strip();
    }

    private static long number(final Path file, final long otherwise) throws IOException {
        return Files.exists(file) ? Long.parseLong(text(file)) : otherwise;
    }

    /** The C library's dev_t: major and minor are woven into each other. */
    static int majorOf(final long number) {
        return (int) ((number >>> 8 & 0xFFF) | (number >>> 32 & ~0xFFF));
    }

    static int minorOf(final long number) {
        return (int) ((number & 0xFF) | (number >>> 12 & ~0xFF));
    }
}
