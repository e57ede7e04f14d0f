package org.farshore.dataplane.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * One file of versions: 2048 pages, written once in full when it was made. The file that is being filled, and the newest of
 * the full ones, are also in memory; there the writer and the readers look. An older one is only on the disk, and whoever
 * reads a page of it checks it.
 *
 * <p>Writer's thread, except {@link #resident} and {@link #readPage}.
 */
final class VersionFile {
    private static final String NAME_PREFIX = "versions-";

    private final long number;
    private final Path path;
    private BlockFile file;
    private volatile BlockFile readable;
    private ByteBuffer memory;
    private volatile UnsafeBuffer resident;
    private int writtenPages;

    /** @param memory of the length of the file, the content of its pages. */
    VersionFile(final long number, final Path path, final BlockFile file, final ByteBuffer memory) {
        this.number = number;
        this.path = path;
        this.file = file;
        this.memory = memory;
        this.resident = new UnsafeBuffer(memory);
    }

    static String nameOf(final long number) {
        return NAME_PREFIX + String.format("%010d", number);
    }

    /** Number in a file's name, or -1 for another name. */
    static long numberOf(final String name) {
        final String digits = name.startsWith(NAME_PREFIX) ? name.substring(NAME_PREFIX.length()) : "";
        return digits.length() == 10 && digits.chars().allMatch(c -> c >= '0' && c <= '9')
                ? Long.parseLong(digits)
                : -1;
    }

    long number() {
        return number;
    }

    Path path() {
        return path;
    }

    /** Any thread: the pages in memory, or null when they are only on the disk. */
    UnsafeBuffer resident() {
        return resident;
    }

    /** Any thread, inside an epoch, when {@link #resident} was null: fills {@code target} with a page. */
    void readPage(final int page, final ByteBuffer target) throws IOException {
        readable.read(target, (long) page * VersionIds.PAGE_LENGTH);
    }

    /** Fills the memory with pages from the disk. */
    void load(final int firstPage, final int pages) throws IOException {
        final int from = firstPage * VersionIds.PAGE_LENGTH;
        file.read(memory.clear().position(from).limit(from + pages * VersionIds.PAGE_LENGTH), from);
    }

    /** Pages below are on the disk as they are in memory. */
    void markWritten(final int pages) {
        writtenPages = pages;
    }

    /**
     * Writes the pages that are not on the disk yet, and syncs.
     *
     * @param pages how many there are, the last one perhaps not full; all are finished.
     * @param full how many of them will never change.
     */
    void writeAndSync(final int pages, final int full) throws IOException {
        final int from = writtenPages * VersionIds.PAGE_LENGTH;
        final int to = pages * VersionIds.PAGE_LENGTH;
        if (to > from) {
            file.write(memory.clear().position(from).limit(to), from);
            file.sync();
        }
        writtenPages = full;
    }

    /**
     * Keeps the file on the disk only.
     *
     * @return its memory, to be reused when every reader has passed.
     */
    ByteBuffer evict(final BlockFiles files) throws IOException {
        final BlockFile writable = file;
        readable = files.open(path, BlockFiles.Mode.READ);
        file = null;
        resident = null;
        writable.close();
        final ByteBuffer freed = memory;
        memory = null;
        return freed;
    }

    /** When every reader has passed. Returns the memory, if it was in memory. */
    ByteBuffer close() {
        if (file != null) {
            file.close();
        }
        if (readable != null) {
            readable.close();
        }
        return memory;
    }
}
