package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A mounted file system; mounting replays its journal. */
public final class Mount implements AutoCloseable {
    private final Path point;
    private boolean mounted = true;

    private Mount(final Path point) {
        this.point = point;
    }

    /** Mounts a device at a directory that is made when it is not there. */
    public static Mount of(final Path device, final Path point) {
        try {
            Files.createDirectories(point);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        Shell.must("mount", device.toString(), point.toString());
        return new Mount(point);
    }

    /** Shows a directory at another place, too, which is made when it is not there. */
    public static Mount bind(final Path directory, final Path point) {
        Shell.must("mkdir", "-p", point.toString());
        Shell.must("mount", "--bind", directory.toString(), point.toString());
        return new Mount(point);
    }

    public Path point() {
        return point;
    }

    /** Unmounts; everything is written then. */
    public void unmount() {
        Shell.must("umount", point.toString());
        mounted = false;
    }

    /** Unmounts however that can be done: also with open files, or without the device. */
    @Override
    public void close() {
        if (mounted) {
            mounted = false;
            if (Shell.attempt("umount", point.toString()).exitCode() != 0) {
                Shell.attempt("umount", "-l", point.toString());
            }
        }
    }
}
