package org.farshore.control.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * A disk of the demo: a loop device on a sparse file, a device that was named, or, without root, an image file alone.
 * Everything it makes lies under the demo's directory, where {@link DemoCleanup} finds it again by looking.
 *
 * @param name the volume's name.
 * @param device what the agent follows.
 * @param mountPoint where its filesystem is mounted; null for an image file.
 */
record DemoDisk(String name, Path device, Path mountPoint) {
    private static final Duration FORMAT_LIMIT = Duration.ofMinutes(2);
    private static final Duration MOUNT_LIMIT = Duration.ofSeconds(60);
    private static final int UNMOUNT_TRIES = 20;
    private static final long UNMOUNT_PAUSE_MS = 500;

    /** A loop device on a new sparse file, with an ext4 filesystem, mounted. */
    static DemoDisk loop(final Path directory, final String name, final long size) throws IOException {
        final Path image = sparseFile(directory, name, size);
        final Path device = Path.of(Commands.must(MOUNT_LIMIT, "losetup", "--find", "--show", image.toString())
                .trim());
        return formatAndMount(directory, name, device);
    }

    /** The named device, with a new ext4 filesystem, mounted. Refuses what may hold something. */
    static DemoDisk device(final Path directory, final String name, final Path device, final boolean erase)
            throws IOException {
        refuseUnlessFree(device, erase);
        if (erase) {
            Commands.must(MOUNT_LIMIT, "wipefs", "--all", "--quiet", device.toString());
        }
        return formatAndMount(directory, name, device);
    }

    /** An image file with an ext4 filesystem that holds what lies in {@code content}; needs no root. */
    static DemoDisk image(final Path directory, final String name, final long size, final Path content)
            throws IOException {
        final Path image = sparseFile(directory, name, size);
        Commands.must(FORMAT_LIMIT, "mke2fs", "-q", "-F", "-t", "ext4", "-d", content.toString(), image.toString());
        return new DemoDisk(name, image, null);
    }

    private static Path sparseFile(final Path directory, final String name, final long size) throws IOException {
        final Path image = directory.resolve("disks").resolve(name + ".img");
        Files.createDirectories(image.getParent());
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
        return image;
    }

    private static DemoDisk formatAndMount(final Path directory, final String name, final Path device)
            throws IOException {
        Commands.must(FORMAT_LIMIT, "mkfs.ext4", "-q", "-F", device.toString());
        final Path mountPoint =
                Files.createDirectories(directory.resolve("mounts").resolve(name));
        Commands.must(MOUNT_LIMIT, "mount", "-t", "ext4", device.toString(), mountPoint.toString());
        return new DemoDisk(name, device, mountPoint);
    }

    private static void refuseUnlessFree(final Path device, final boolean erase) throws IOException {
        if (!Files.exists(device)) {
            throw refused("there is no " + device);
        }
        final Path real = device.toRealPath();
        if (!Commands.run(MOUNT_LIMIT, List.of("test", "-b", real.toString())).ok()) {
            throw refused(device + " is no block device");
        }
        final String users = users(real);
        if (!users.isEmpty()) {
            throw refused(device + " is in use: " + users);
        }
        final String signatures = Commands.must(MOUNT_LIMIT, "wipefs", "--noheadings", real.toString())
                .trim();
        final String children = Commands.must(
                        MOUNT_LIMIT, "lsblk", "--noheadings", "--list", "--paths", "--output", "NAME", real.toString())
                .trim();
        final boolean partitioned = children.lines().count() > 1;
        if ((!signatures.isEmpty() || partitioned) && !erase) {
            throw refused(device + " bears a signature; --erase formats it all the same:\n" + signatures);
        }
        if (partitioned) {
            throw refused(device + " has partitions; take them away first, or name one of them:\n" + children);
        }
    }

    /** Mounts, swap and holders of the device or a part of it; empty when there are none. */
    private static String users(final Path device) {
        final Commands.Result list = Commands.run(
                MOUNT_LIMIT, List.of("lsblk", "--noheadings", "--list", "--output", "MOUNTPOINTS", device.toString()));
        final String mounts = list.output().trim().replaceAll("\\s+", ", ");
        if (!mounts.isEmpty()) {
            return "mounted on " + mounts;
        }
        final Commands.Result swaps = Commands.run(MOUNT_LIMIT, List.of("cat", "/proc/swaps"));
        if ((swaps.output() + " ").contains(device + " ")) {
            return "swap";
        }
        final Path holders = Path.of("/sys/class/block", device.getFileName().toString(), "holders");
        final String[] names = holders.toFile().list();
        return names == null || names.length == 0 ? "" : "held by " + String.join(", ", names);
    }

    private static FarshoreException refused(final String reason) {
        return new FarshoreException(ExitCode.USAGE, reason);
    }

    /** True when the disk is a real block device with a mounted filesystem. */
    boolean mounted() {
        return mountPoint != null;
    }

    /** Size in bytes. */
    long length() throws IOException {
        try (BlockFile file = new ChannelBlockFiles().open(device, BlockFiles.Mode.READ)) {
            return file.length();
        }
    }

    /** Gives everything the filesystem holds in memory to the device. */
    void sync() {
        if (mounted()) {
            Commands.must(MOUNT_LIMIT, "sync", "--file-system", mountPoint.toString());
        }
    }

    /** Mounts the filesystem again where it was. */
    void mount() {
        Commands.must(MOUNT_LIMIT, "mount", "-t", "ext4", device.toString(), mountPoint.toString());
    }

    /** Ends the filesystem's life on the device; it may still be in use for a moment. */
    void unmount() throws InterruptedException {
        if (!mounted()) {
            return;
        }
        for (int i = 1; ; i++) {
            final Commands.Result result = Commands.run(MOUNT_LIMIT, List.of("umount", mountPoint.toString()));
            if (result.ok()) {
                return;
            }
            if (i == UNMOUNT_TRIES) {
                throw new CommandException(
                        "umount " + mountPoint + ": " + result.output().trim());
            }
            Thread.sleep(UNMOUNT_PAUSE_MS);
        }
    }
}
