package org.farshore.dataplane.runtime;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The disks of this machine. */
public final class ChannelBlockFiles implements BlockFiles {
    /** Directories whose names are on the disk for sure: an earlier life may have died between making one and that. */
    private final Set<Path> named = ConcurrentHashMap.newKeySet();

    @Override
    public BlockFile open(final Path path, final Mode mode) throws IOException {
        final boolean regular = Files.isRegularFile(path) || !Files.exists(path);
        final Set<OpenOption> options = switch (mode) {
            case READ -> Set.of(StandardOpenOption.READ);
            case READ_DIRECT -> Set.of(StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
            case WRITE ->
                regular
                        ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)
                        : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
        };
        return new ChannelBlockFile(path, FileChannel.open(path, options), regular, mode == Mode.READ_DIRECT);
    }

    @Override
    public boolean exists(final Path path) {
        return Files.exists(path);
    }

    @Override
    public List<String> list(final Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }

    @Override
    public void createDirectories(final Path directory) throws IOException {
        final Path absolute = directory.toAbsolutePath();
        final Path parent = absolute.getParent();
        final boolean isThere = Files.isDirectory(absolute);
        if (parent == null || (isThere && named.contains(absolute))) {
            return;
        }
        if (!isThere) {
            createDirectories(parent);
            Files.createDirectory(absolute);
        } else if (Files.isWritable(parent)) {
            createDirectories(parent);
        } else {
            return; // Not one that this role, or an earlier life of it, can have made.
        }
        syncDirectory(parent);
        named.add(absolute);
    }

    @Override
    public long usableBytes(final Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public long totalBytes(final Path directory) throws IOException {
        return Files.getFileStore(directory).getTotalSpace();
    }

    @Override
    public void delete(final Path path) throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void rename(final Path from, final Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void syncDirectory(final Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
