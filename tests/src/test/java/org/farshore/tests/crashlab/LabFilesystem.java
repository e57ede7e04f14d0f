package org.farshore.tests.crashlab;

import java.nio.file.Path;
import org.farshore.tests.lab.Shell;

/** The filesystems that a master target may lie on; made small, so that a replay is soon copied. */
enum LabFilesystem {
    EXT4(
            64 << 20,
            "mkfs.ext4 -q -F -m 0 -b 4096 -J size=4 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0",
            "noatime,errors=remount-ro"),
    XFS(320 << 20, "mkfs.xfs -q -f -K", "noatime,nouuid"),
    BTRFS(128 << 20, "mkfs.btrfs -q -f -K", "noatime");

    private final long length;
    private final String make;
    private final String options;

    LabFilesystem(final long length, final String make, final String options) {
        this.length = length;
        this.make = make;
        this.options = options;
    }

    /** As {@code mkfs} and {@code mount} call it. */
    String kind() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Bytes of a disk for it. */
    long length() {
        return length;
    }

    void make(final Path device) {
        Shell.script(make + " " + device);
    }

    /** Mounts a device, or a file by a loop device of its own. */
    void mount(final Path disk, final Path point) {
        Shell.must("mount", "-t", kind(), "-o", optionsFor(disk), disk.toString(), point.toString());
    }

    private String optionsFor(final Path disk) {
        return disk.toString().startsWith("/dev/loop") ? options : "loop," + options;
    }
}
