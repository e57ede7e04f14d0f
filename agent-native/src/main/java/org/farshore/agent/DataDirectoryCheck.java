package org.farshore.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.farshore.agent.capture.BlockDevices;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Refuses a data directory that lies on a protected volume: what the agent writes there would be captured and make it
 * write again. Looks below the directory's filesystem: partitions lie on disks, stacked devices on their slaves, loop devices
 * on files, files on filesystems.
 */
final class DataDirectoryCheck {
    private static final Path SYS_DEVICES = Path.of("/sys/dev/block");

    private DataDirectoryCheck() {}

    /** Throws CONFIGURATION when the directory lies on one of the volumes. */
    static void check(final Path directory, final List<Path> volumes) {
        try {
            final Set<String> below = below(directory);
            for (final Path volume : volumes) {
                final String name = BlockDevices.isBlockDevice(volume)
                        ? entry((Long) number(volume, "unix:rdev")).toString()
                        : volume.toRealPath().toString();
                if (below.contains(name)) {
                    throw new FarshoreException(
                            ExitCode.CONFIGURATION,
                            "data directory " + directory + " lies on the protected volume " + volume
                                    + ": it would feed itself; put it on another disk");
                }
            }
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "cannot tell where " + directory + " lies: " + e.getMessage(), e);
        }
    }

    /** Devices, as real paths in sysfs, and files on which the path lies. */
    private static Set<String> below(final Path path) throws IOException {
        final Set<String> found = new HashSet<>();
        final Deque<Path> open = new ArrayDeque<>();
        addDeviceOf(path, open);
        while (!open.isEmpty()) {
            final Path device = open.pop();
            if (!found.add(device.toString())) {
                continue;
            }
            if (Files.exists(device.resolve("partition"))) {
                open.push(device.getParent());
            }
            for (final Path slave : entries(device.resolve("slaves"))) {
                open.push(slave.toRealPath());
            }
            final Path backing = device.resolve("loop/backing_file");
            if (Files.isReadable(backing)) {
                final Path file = Path.of(Files.readString(backing).strip());
                found.add(file.toString());
                if (Files.exists(file)) {
                    addDeviceOf(file, open);
                }
            }
        }
        return found;
    }

    private static void addDeviceOf(final Path path, final Deque<Path> open) throws IOException {
        final Path entry = entry((Long) number(path, "unix:dev"));
        if (Files.exists(entry)) {
            open.push(entry);
        }
    }

    private static Object number(final Path path, final String attribute) throws IOException {
        return ((Number) Files.getAttribute(path, attribute)).longValue();
    }

    /** The C library weaves major and minor into each other. */
    private static Path entry(final long number) throws IOException {
        final long major = (number >>> 8 & 0xFFF) | (number >>> 32 & ~0xFFFL);
        final long minor = (number & 0xFF) | (number >>> 12 & ~0xFFL);
        final Path entry = SYS_DEVICES.resolve(major + ":" + minor);
        return Files.exists(entry) ? entry.toRealPath() : entry;
    }

    private static List<Path> entries(final Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.collect(Collectors.toList());
        }
    }
}
