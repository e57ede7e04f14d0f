package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** An NBD export as a block device of this machine: nbdfuse makes it a file, and a loop device lies over that. */
public final class NbdDisk implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Process fuse;
    private final Path file;
    private LoopDevice device;

    private NbdDisk(final Process fuse, final Path file) {
        this.fuse = fuse;
        this.file = file;
    }

    /** Starts to attach an export; {@code directory} gets a file and a log named {@code name}. */
    public static NbdDisk attach(final String uri, final Path directory, final String name) {
        try {
            final Path file = Files.createFile(directory.resolve(name + ".img"));
            final Process fuse = new ProcessBuilder("nbdfuse", file.toString(), uri)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve(name + ".nbdfuse.txt").toFile())
                    .start();
            return new NbdDisk(fuse, file);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the export is shown and puts the loop device over it. */
    public synchronized void awaitDevice() {
        Await.until("nbdfuse shows " + file, LIMIT, () -> isShown());
        device = LoopDevice.on(file);
    }

    private boolean isShown() {
        if (!fuse.isAlive()) {
            throw new AssertionError("nbdfuse for " + file + " ended with " + fuse.exitValue() + ": " + log());
        }
        return file.toFile().length() > 0;
    }

    private String log() {
        try {
            return Files.readString(Path.of(file.toString().replace(".img", ".nbdfuse.txt")));
        } catch (final IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    public Path device() {
        return device.path();
    }

    /** Takes loop device, mount and process away, also when the server is gone. */
    @Override
    public synchronized void close() {
        if (device != null) {
            Shell.attempt("losetup", "-d", device.path().toString());
        }
        if (Shell.attempt("fusermount3", "-u", file.toString()).exitCode() != 0) {
            Shell.attempt("fusermount3", "-uz", file.toString());
        }
        try {
            if (!fuse.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                Shell.endTree(fuse);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
