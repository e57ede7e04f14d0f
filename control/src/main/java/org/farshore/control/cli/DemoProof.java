package org.farshore.control.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;

/**
 * What was found about one volume after everything had stopped.
 *
 * @param sizeBytes size of the source.
 * @param sourceSha256 of the device, read past the page cache.
 * @param replicaSha256 of the replica volume, read past the page cache.
 * @param differences where they differ; empty when they do not.
 * @param fileSystem complaint of {@code e2fsck -fn} about the replica; empty when it is clean.
 * @param database complaint about the database on the replica; empty when it is sound and complete.
 * @param transactions that SQLite acknowledged on the source, the last of which must be on the replica.
 */
record DemoProof(
        String volume,
        Path source,
        Path replica,
        long sizeBytes,
        String sourceSha256,
        String replicaSha256,
        List<String> differences,
        String fileSystem,
        String database,
        long transactions) {
    private static final Duration CHECK_LIMIT = Duration.ofMinutes(5);
    private static final int COMPLAINT_LENGTH_MAX = 500;

    boolean equal() {
        return sourceSha256.equals(replicaSha256) && fileSystem.isEmpty() && database.isEmpty();
    }

    /** Compares and checks one volume whose roles have ended and whose filesystem is unmounted. */
    static DemoProof of(final DemoDisk disk, final long transactions, final Path targetData, final Path scratch)
            throws IOException {
        final Path replica = replica(targetData, disk.name());
        final long size = disk.length();
        final long replicaSize = length(replica);
        if (size != replicaSize) {
            throw new CommandException(
                    "the replica of " + disk.name() + " has " + replicaSize + " bytes, its source " + size);
        }
        final CompletableFuture<String> replicaSha = CompletableFuture.supplyAsync(() -> sha256(replica, size));
        final String sourceSha;
        final String otherSha;
        try {
            sourceSha = sha256(disk.device(), size);
            otherSha = replicaSha.join();
        } catch (final UncheckedIOException | CompletionException e) {
            throw new IOException("cannot read both sides of " + disk.name() + ": " + e.getMessage(), e);
        }
        final List<String> differences =
                sourceSha.equals(otherSha) ? List.of() : DirectDigest.differences(disk.device(), replica, size);
        return new DemoProof(
                disk.name(),
                disk.device(),
                replica,
                size,
                sourceSha,
                otherSha,
                differences,
                checkFileSystem(replica),
                checkDatabase(replica, scratch.resolve(disk.name() + ".sqlite"), transactions),
                transactions);
    }

    private static String sha256(final Path path, final long size) {
        try {
            return DirectDigest.sha256(path, size);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long length(final Path path) throws IOException {
        try (BlockFile file = new ChannelBlockFiles().open(path, BlockFiles.Mode.READ)) {
            return file.length();
        }
    }

    /** The replica volume of this name, of whichever machine. */
    static Path replica(final Path targetData, final String volume) throws IOException {
        try (Stream<Path> paths = Files.walk(targetData, 3)) {
            return paths.filter(path -> path.endsWith(Path.of(volume, "replica.img")))
                    .findFirst()
                    .orElseThrow(() -> new CommandException(
                            "the master target has no replica of " + volume + " in " + targetData));
        }
    }

    private static String checkFileSystem(final Path replica) {
        final Commands.Result result = Commands.run(CHECK_LIMIT, List.of("e2fsck", "-f", "-n", replica.toString()));
        return result.ok() ? "" : "e2fsck ended with " + result.exitCode() + ": " + shortened(result.output());
    }

    private static String checkDatabase(final Path replica, final Path copy, final long transactions) {
        final Commands.Result result = Commands.run(
                CHECK_LIMIT,
                List.of("debugfs", "-R", "dump /db/" + SqliteLedger.FILE + " " + copy, replica.toString()));
        if (!result.ok() || !Files.exists(copy)) {
            return "no database found on the replica: " + shortened(result.output());
        }
        try {
            return SqliteLedger.check(copy, transactions);
        } finally {
            copy.toFile().delete();
        }
    }

    private static String shortened(final String output) {
        final String text = output.trim();
        return text.length() <= COMPLAINT_LENGTH_MAX ? text : text.substring(0, COMPLAINT_LENGTH_MAX) + " ...";
    }
}
