package org.farshore.perf.capture;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A loop device of our own over a file that was written in full; taken away when it closes. */
final class TestDevice implements AutoCloseable {
    private static final int PIECE_LENGTH = 1 << 20;

    private final String title;
    private final Path file;
    private final Path device;

    /**
     * Makes it.
     *
     * @param isDirect true when the loop driver goes past the page cache to the file's disk.
     */
    TestDevice(final String title, final Path directory, final long length, final boolean isDirect) throws IOException {
        this.title = title;
        file = Files.createTempFile(directory, "farshore-capture-cost-", ".img");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_LENGTH);
            for (int i = 0; i < PIECE_LENGTH; i++) {
                piece.put(i, (byte) 1);
            }
            for (long at = 0; at < length; at += PIECE_LENGTH) {
                channel.write(piece.clear(), at);
            }
            channel.force(true);
        }
        device = Path.of(run("losetup", "--find", "--show", "--direct-io=" + (isDirect ? "on" : "off"), file.toString())
                .strip());
    }

    String title() {
        return title;
    }

    Path path() {
        return device;
    }

    /** Runs a command to its end and returns what it printed. */
    static String run(final String... command) throws IOException {
        final Process process = new ProcessBuilder(List.of(command))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException("failed: " + String.join(" ", command));
            }
        } catch (final InterruptedException e) {
            throw new InterruptedIOException(String.join(" ", command));
        }
        return output;
    }

    @Override
    public void close() throws IOException {
        run("losetup", "--detach", device.toString());
        Files.delete(file);
    }
}
