package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * A stretch of one segment file in memory, moved along by its user. Reads are aligned to blocks, so that they may go past
 * the page cache. Nothing is allocated after a segment was opened. One thread.
 */
final class SegmentWindow implements AutoCloseable {
    private final BlockFiles files;
    private final BlockFiles.Mode mode;
    private final ByteBuffer bytes;
    private final UnsafeBuffer buffer;
    private BlockFile file;
    private long segmentNumber = SegmentTable.ABSENT;
    private int segmentLength;
    private int loadedFrom;
    private int loadedTo;
    private long unreadableBlocks;

    /** @param capacity bytes in memory, a multiple of 4096, at least one block more than anything asked of it. */
    SegmentWindow(final BlockFiles files, final BlockFiles.Mode mode, final int capacity) {
        this.files = files;
        this.mode = mode;
        this.bytes = BufferUtil.allocateDirectAligned(capacity, JournalLimits.BLOCK_LENGTH);
        this.buffer = new UnsafeBuffer(bytes);
    }

    void open(final Path path, final long number, final int length) throws IOException {
        close();
        file = files.open(path, mode);
        segmentNumber = number;
        segmentLength = (int) Math.min(length, file.length() & -JournalLimits.BLOCK_LENGTH);
    }

    /** Segment that is open, or {@link SegmentTable#ABSENT}. */
    long segmentNumber() {
        return segmentNumber;
    }

    /** Forgets what is in memory: the next look reads the file again. */
    void invalidate() {
        loadedFrom = 0;
        loadedTo = 0;
    }

    /**
     * Has the bytes from {@code offset} in memory, {@code length} of them or up to the end of the segment.
     *
     * @return how many bytes are there from {@code offset} on; 0 behind the end.
     */
    int load(final int offset, final int length) throws IOException {
        return load(offset, length, segmentLength);
    }

    /** The same, without reading blocks behind {@code limit}: they may change yet. */
    int load(final int offset, final int length, final int limit) throws IOException {
        final int end = Math.min(segmentLength, BitUtil.align(limit, JournalLimits.BLOCK_LENGTH));
        if (offset >= end) {
            return 0;
        }
        final int wanted = Math.min(length, end - offset);
        if (offset < loadedFrom || offset + wanted > loadedTo) {
            final int from = offset & -JournalLimits.BLOCK_LENGTH;
            read(from, Math.min(bytes.capacity(), end - from));
        }
        return loadedTo - offset;
    }

    private void read(final int from, final int length) throws IOException {
        invalidate();
        try {
            file.read(bytes.clear().limit(length), from);
        } catch (final IOException e) {
            readBlockwise(from, length);
        }
        loadedFrom = from;
        loadedTo = from + length;
    }

    /** A disk that cannot read one block must not hide the others: what cannot be read is zeros, and so no frame. */
    private void readBlockwise(final int from, final int length) {
        for (int done = 0; done < length; done += JournalLimits.BLOCK_LENGTH) {
            final int count = Math.min(JournalLimits.BLOCK_LENGTH, length - done);
            try {
                file.read(bytes.clear().limit(done + count).position(done), from + done);
            } catch (final IOException e) {
                unreadableBlocks++;
                buffer.setMemory(done, count, (byte) 0);
            }
        }
    }

    UnsafeBuffer buffer() {
        return buffer;
    }

    /** Where {@code offset} of the segment is in {@link #buffer()}. */
    int index(final int offset) {
        return offset - loadedFrom;
    }

    /** Blocks that the disk refused to read so far. */
    long unreadableBlocks() {
        return unreadableBlocks;
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
            file = null;
        }
        segmentNumber = SegmentTable.ABSENT;
        segmentLength = 0;
        invalidate();
    }
}
