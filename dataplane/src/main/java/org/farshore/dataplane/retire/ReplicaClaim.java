package org.farshore.dataplane.retire;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Properties;
import java.util.UUID;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * The side file {@value #FILE_NAME} of a replica volume: whose copy the file or device is. It lies in the volume's own
 * directory below the data directory, also when the replica itself is a device elsewhere, and is written durably before
 * the first byte of the replica.
 */
record ReplicaClaim(String machine, String volume, String uuid, long sizeBytes, int generation, String path) {
    /** Name of the side file. */
    static final String FILE_NAME = "replica.properties";

    private static final int LENGTH_MAX = 64 << 10;

    /** Random id of the volume. */
    UUID id() throws IOException {
        try {
            return UUID.fromString(uuid);
        } catch (final IllegalArgumentException e) {
            throw new IOException("the claim of volume " + volume + " has no id: " + e.getMessage(), e);
        }
    }

    /** The claim in this directory, or null. */
    static ReplicaClaim load(final BlockFiles files, final Path directory) throws IOException {
        final Path file = directory.resolve(FILE_NAME);
        if (!files.exists(file)) {
            return null;
        }
        final ByteBuffer bytes;
        try (BlockFile reading = files.open(file, BlockFiles.Mode.READ)) {
            bytes = ByteBuffer.allocate((int) Math.min(reading.length(), LENGTH_MAX));
            reading.read(bytes, 0);
        }
        final Properties properties = new Properties();
        try {
            properties.load(
                    new StringReader(StandardCharsets.UTF_8.decode(bytes.flip()).toString()));
            return new ReplicaClaim(
                    properties.getProperty("machine", ""),
                    properties.getProperty("volume", ""),
                    properties.getProperty("uuid", ""),
                    Long.parseLong(properties.getProperty("size", "")),
                    Integer.parseInt(properties.getProperty("generation", "")),
                    properties.getProperty("path", ""));
        } catch (final IllegalArgumentException e) {
            throw new IOException(
                    file + " is no claim: " + e.getMessage() + "; restore it, or move its directory away", e);
        }
    }

    /** Writes the claim; durable on return. */
    void store(final BlockFiles files, final Path directory) throws IOException {
        final String text = "# Whose replica this is. Written by the master target.\n"
                + "machine=" + machine + "\nvolume=" + volume + "\nuuid=" + uuid + "\nsize=" + sizeBytes
                + "\ngeneration=" + generation + "\npath=" + path.replace("\\", "\\\\") + "\n";
        final Path unfinished = directory.resolve(FILE_NAME + ".new");
        files.delete(unfinished);
        try (BlockFile writing = files.open(unfinished, BlockFiles.Mode.WRITE)) {
            writing.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
            writing.sync();
        }
        files.rename(unfinished, directory.resolve(FILE_NAME));
        files.syncDirectory(directory);
    }
}
