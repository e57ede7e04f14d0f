package org.farshore.tests.lab;

import java.nio.file.Files;
import java.nio.file.Path;

/** A block device on a sparse file of ours. */
public final class LoopDevice implements AutoCloseable {
    private final Path backing;
    private final Path path;

    private LoopDevice(final Path backing, final Path path) {
        this.backing = backing;
        this.path = path;
    }

    /** Makes a sparse file and the next free loop device on it, with partitions scanned. */
    static LoopDevice create(final Path backing, final long length) {
        Shell.must("truncate", "-s", Long.toString(length), backing.toString());
        return new LoopDevice(backing, attach(backing));
    }

    /** The next free loop device on a file that somebody else made and keeps. */
    public static LoopDevice on(final Path backing) {
        return new LoopDevice(backing, attach(backing));
    }

    private static Path attach(final Path backing) {
        // Another lab may take the free device between look and take: losetup then fails, and the next one is free.
        for (int attempt = 0; ; attempt++) {
            final Shell.Result result = Shell.attempt("losetup", "--partscan", "--find", "--show", backing.toString());
            if (result.exitCode() == 0) {
                return Path.of(result.output().strip());
            }
            if (attempt == 20) {
                result.mustSucceed();
            }
        }
    }

    public Path path() {
        return path;
    }

    public Path backing() {
        return backing;
    }

    /** The device of partition {@code number}, once the kernel has made it. */
    public Path partition(final int number) {
        final Path partition = Path.of(path + "p" + number);
        Await.until(partition + " is there", java.time.Duration.ofSeconds(10), () -> Files.exists(partition));
        return partition;
    }

    /** Makes the file longer and tells the kernel. */
    public void grow(final long length) {
        Shell.must("truncate", "-s", Long.toString(length), backing.toString());
        Shell.must("losetup", "-c", path.toString());
    }

    @Override
    public void close() {
        Shell.attempt("partx", "-d", path.toString());
        Shell.attempt("losetup", "-d", path.toString());
        Shell.attempt("rm", "-f", backing.toString());
    }
}
