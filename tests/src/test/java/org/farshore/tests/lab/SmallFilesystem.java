package org.farshore.tests.lab;

import java.nio.file.Path;

/** An ext4 of our own that can be filled: a directory of a role on a disk that ends soon. */
public final class SmallFilesystem implements AutoCloseable {
    private final LoopDevice device;
    private final Path path;

    private SmallFilesystem(final LoopDevice device, final Path path) {
        this.device = device;
        this.path = path;
    }

    /** On a loop device in memory. */
    public static SmallFilesystem create(final FarshoreLab lab, final String name, final long length) {
        return on(lab, name, lab.memoryLoop(name, length));
    }

    /**
     * On any loop device. Without a journal of its own, so that what a failing disk does to it is what it does to the files
     * of the role.
     */
    public static SmallFilesystem on(final FarshoreLab lab, final String name, final LoopDevice device) {
        final Path path = lab.directory().resolve(name);
        Shell.script("mkfs.ext4 -q -F -m 0 -b 4096 -O ^has_journal -E lazy_itable_init=0 " + device.path()
                + " && mkdir " + path + " && mount -o errors=continue,noatime " + device.path() + " " + path);
        return lab.onClose(new SmallFilesystem(device, path));
    }

    public Path path() {
        return path;
    }

    public LoopDevice device() {
        return device;
    }

    /** Takes all space but {@code leaveBytes}; what an earlier call took is given back first. */
    public void fill(final long leaveBytes) {
        Shell.script("rm -f " + path + "/filler; free=$(( $(stat -f -c '%a * %S' " + path + ") - " + leaveBytes
                + " )); [[ $free -le 0 ]] || fallocate -l $free " + path + "/filler || true; if [[ " + leaveBytes
                + " -eq 0 ]]; then cat /dev/zero >> " + path + "/filler || true; fi 2>/dev/null");
    }

    /** Gives the space back. */
    public void clear() {
        Shell.must("rm", "-f", path + "/filler");
    }

    @Override
    public void close() {
        Shell.attempt("umount", path.toString());
    }
}
