package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * Which segment is in which file, as the headers in a directory say now. Read-only: readers and tools make their own, and
 * load again when they miss a segment. One thread.
 */
final class SegmentTable {
    /** No file in this slot. */
    static final long ABSENT = -1;
    /** A file whose header cannot be read and in which no frame was found either. */
    static final long UNKNOWN = 0;

    private final BlockFiles files;
    private final Path directory;
    private final SegmentHeader header = new SegmentHeader();
    private final List<Entry> entries = new ArrayList<>();
    private int segmentLength;
    private long machineIdHigh;
    private long machineIdLow;

    /** One segment file. */
    static final class Entry {
        final int slot;
        final Path path;
        final boolean headerValid;
        final long preparedAtNs;
        final long fileLength;
        long segmentNumber;

        Entry(
                final int slot,
                final Path path,
                final boolean headerValid,
                final long segmentNumber,
                final long preparedAtNs,
                final long fileLength) {
            this.slot = slot;
            this.path = path;
            this.headerValid = headerValid;
            this.segmentNumber = segmentNumber;
            this.preparedAtNs = preparedAtNs;
            this.fileLength = fileLength;
        }
    }

    SegmentTable(final BlockFiles files, final Path directory) {
        this.files = files;
        this.directory = directory;
    }

    /** Reads the headers of all files again, with the given mode. */
    SegmentTable load(final BlockFiles.Mode mode) throws IOException {
        entries.clear();
        for (final String name : files.list(directory)) {
            final int slot = slotOf(name);
            if (slot >= 0) {
                entries.add(read(slot, directory.resolve(name), mode));
            }
        }
        return this;
    }

    private Entry read(final int slot, final Path path, final BlockFiles.Mode mode) throws IOException {
        final long length;
        try (BlockFile file = files.open(path, mode)) {
            length = file.length();
            if (length < JournalLimits.SEGMENT_HEADER_LENGTH || !header.read(file)) {
                return new Entry(slot, path, false, UNKNOWN, 0, length);
            }
        }
        segmentLength = header.segmentLength();
        machineIdHigh = header.machineIdHigh();
        machineIdLow = header.machineIdLow();
        return new Entry(slot, path, true, header.segmentNumber(), header.preparedAtNs(), length);
    }

    /** Slot of a segment file's name, -1 for another name. */
    static int slotOf(final String name) {
        final String digits =
                name.startsWith(SegmentRing.NAME_PREFIX) ? name.substring(SegmentRing.NAME_PREFIX.length()) : "";
        if (digits.length() != 5 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        final int slot = Integer.parseInt(digits);
        return slot < JournalLimits.SEGMENTS_MAX ? slot : -1;
    }

    List<Entry> entries() {
        return entries;
    }

    /** The file that holds {@code segment} now, or null. */
    Entry find(final long segment) {
        for (final Entry entry : entries) {
            if (entry.segmentNumber == segment) {
                return entry;
            }
        }
        return null;
    }

    /** Lowest segment number above {@code segment}, or -1. */
    long next(final long segment) {
        long best = -1;
        for (final Entry entry : entries) {
            if (entry.segmentNumber > segment && (best < 0 || entry.segmentNumber < best)) {
                best = entry.segmentNumber;
            }
        }
        return best;
    }

    int slotCount() {
        int count = 0;
        for (final Entry entry : entries) {
            count = Math.max(count, entry.slot + 1);
        }
        return count;
    }

    /** Segment length that the headers name, 0 when no header was readable. */
    int segmentLength() {
        return segmentLength;
    }

    long machineIdHigh() {
        return machineIdHigh;
    }

    long machineIdLow() {
        return machineIdLow;
    }

    Path directory() {
        return directory;
    }
}
