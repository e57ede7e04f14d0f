package org.farshore.tests.lab;

import java.nio.file.Files;
import java.nio.file.Path;

/** A compressed disk in memory, made for this test and removed after it: a device that completes whole bios. */
public final class ZramDevice implements AutoCloseable {
    private static final Path CONTROL = Path.of("/sys/class/zram-control/hot_add");

    private final String number;

    private ZramDevice(final String number) {
        this.number = number;
    }

    public static boolean available() {
        return Files.exists(CONTROL);
    }

    static ZramDevice create(final long length) {
        final String number = Shell.must("cat", CONTROL.toString());
        final ZramDevice device = new ZramDevice(number);
        try {
            Shell.script("echo " + length + " > /sys/block/zram" + number + "/disksize");
        } catch (final AssertionError e) {
            device.close();
            throw e;
        }
        return device;
    }

    public Path path() {
        return Path.of("/dev/zram" + number);
    }

    @Override
    public void close() {
        Shell.attempt("bash", "-c", "echo 1 > /sys/block/zram" + number + "/reset");
        Shell.attempt("bash", "-c", "echo " + number + " > /sys/class/zram-control/hot_remove");
    }
}
