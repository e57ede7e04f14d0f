package org.farshore.control.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A tree of files that people work in: files are written, copied, changed in the middle, renamed and deleted, folders are
 * copied whole and removed whole. Content is text, noise and zeros, as on real disks. One thread; counts may be read by any.
 */
final class FileTree {
    private static final int FOLDERS = 12;
    private static final int FILE_LENGTH_MAX = 512 * 1024;
    private static final int FOLDER_COPY_EVERY = 60;

    private final Path root;
    private final long bytesMax;
    private final SplittableRandom random;
    private final List<Path> files = new ArrayList<>();
    private Path folderCopy;
    private long bytes;
    private long steps;
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong copied = new AtomicLong();
    private final AtomicLong changed = new AtomicLong();
    private final AtomicLong deleted = new AtomicLong();

    FileTree(final Path root, final long bytesMax, final long seed) {
        this.root = root;
        this.bytesMax = bytesMax;
        this.random = new SplittableRandom(seed);
    }

    /** Makes the folders and writes files up to {@code bytesWanted}. */
    void create(final long bytesWanted) throws IOException {
        for (int i = 0; i < FOLDERS; i++) {
            Files.createDirectories(root.resolve("folder" + i));
        }
        while (bytes < bytesWanted) {
            write();
        }
    }

    /** One thing that people do to files. Returns how many bytes it wrote. */
    long step() throws IOException {
        steps++;
        if (steps % FOLDER_COPY_EVERY == 0) {
            return copyOrRemoveFolder();
        }
        if (bytes > bytesMax || (files.size() > 20 && random.nextInt(5) == 0)) {
            return delete();
        }
        return switch (random.nextInt(5)) {
            case 0 -> copy();
            case 1, 2 -> change();
            case 3 -> rename();
            default -> write();
        };
    }

    private long write() throws IOException {
        final Path file = root.resolve("folder" + random.nextInt(FOLDERS))
                .resolve(String.format("file%06d.dat", written.get() + copied.get()));
        final byte[] content = content(1 + random.nextInt(FILE_LENGTH_MAX));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(content));
            syncSometimes(channel);
        }
        files.add(file);
        bytes += content.length;
        written.incrementAndGet();
        return content.length;
    }

    private long copy() throws IOException {
        if (files.isEmpty()) {
            return write();
        }
        final Path source = files.get(random.nextInt(files.size()));
        final Path target = root.resolve("folder" + random.nextInt(FOLDERS))
                .resolve(String.format("file%06d.copy", written.get() + copied.get()));
        Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
        files.add(target);
        final long length = Files.size(target);
        bytes += length;
        copied.incrementAndGet();
        return length;
    }

    /** Overwrites a part of a file, in place, and sometimes waits for the disk. */
    private long change() throws IOException {
        if (files.isEmpty()) {
            return write();
        }
        final Path file = files.get(random.nextInt(files.size()));
        final byte[] content = content(1 + random.nextInt(64 * 1024));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            final long before = channel.size();
            channel.write(ByteBuffer.wrap(content), random.nextLong(Math.max(1, before)));
            bytes += channel.size() - before;
            syncSometimes(channel);
        }
        changed.incrementAndGet();
        return content.length;
    }

    /** Some programs wait for the disk, some leave it to the kernel to write when it likes. */
    private void syncSometimes(final FileChannel channel) throws IOException {
        if (random.nextInt(3) > 0) {
            channel.force(false);
        }
    }

    private long rename() throws IOException {
        if (files.isEmpty()) {
            return write();
        }
        final int index = random.nextInt(files.size());
        final Path source = files.get(index);
        final Path target = root.resolve("folder" + random.nextInt(FOLDERS)).resolve(source.getFileName());
        Files.move(source, target, StandardCopyOption.REPLACE_EXISTING);
        files.set(index, target);
        changed.incrementAndGet();
        return 0;
    }

    private long delete() throws IOException {
        final int index = random.nextInt(files.size());
        final Path file = files.get(index);
        bytes -= Files.size(file);
        Files.delete(file);
        files.set(index, files.get(files.size() - 1));
        files.remove(files.size() - 1);
        deleted.incrementAndGet();
        return 0;
    }

    private long copyOrRemoveFolder() throws IOException {
        if (folderCopy != null) {
            deleted.addAndGet(removeTree(folderCopy));
            folderCopy = null;
            return 0;
        }
        final Path source = root.resolve("folder" + random.nextInt(FOLDERS));
        folderCopy = Files.createDirectory(root.resolve("copy" + steps));
        long length = 0;
        try (var entries = Files.newDirectoryStream(source)) {
            for (final Path file : entries) {
                Files.copy(file, folderCopy.resolve(file.getFileName()));
                length += Files.size(file);
                copied.incrementAndGet();
            }
        }
        return length;
    }

    /** Deletes a folder and everything in it; returns how many files that were. */
    static long removeTree(final Path folder) throws IOException {
        final long[] count = new long[1];
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                count[0]++;
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(final Path directory, final IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
        return count[0];
    }

    /** Half text, a quarter noise, a quarter zeros. */
    private byte[] content(final int length) {
        final byte[] content = new byte[length];
        switch (random.nextInt(4)) {
            case 0 -> random.nextBytes(content);
            case 1 -> {
                return content;
            }
            default -> {
                int offset = 0;
                while (offset < length) {
                    final byte[] line = ("line " + random.nextInt(1 << 20) + " of a report that nobody reads twice\n")
                            .getBytes(StandardCharsets.US_ASCII);
                    final int part = Math.min(line.length, length - offset);
                    System.arraycopy(line, 0, content, offset, part);
                    offset += part;
                }
            }
        }
        return content;
    }

    long written() {
        return written.get();
    }

    long copied() {
        return copied.get();
    }

    long changed() {
        return changed.get();
    }

    long deleted() {
        return deleted.get();
    }
}
