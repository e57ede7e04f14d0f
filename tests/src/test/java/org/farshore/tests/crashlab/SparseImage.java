package org.farshore.tests.crashlab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/** The content of a disk in memory; what was never written takes none. One thread at a time. */
final class SparseImage {
    private static final int PAGE_LENGTH = 64 << 10;

    private final long length;
    private final byte[][] pages;

    SparseImage(final long length) {
        this.length = length;
        pages = new byte[(int) ((length + PAGE_LENGTH - 1) / PAGE_LENGTH)][];
    }

    long length() {
        return length;
    }

    void read(final long offset, final ByteBuffer target) {
        for (long at = offset; target.hasRemaining(); ) {
            final int part = partLength(at, target.remaining());
            final byte[] page = pages[(int) (at / PAGE_LENGTH)];
            if (page == null) {
                target.put(new byte[part]);
            } else {
                target.put(page, (int) (at % PAGE_LENGTH), part);
            }
            at += part;
        }
    }

    void write(final long offset, final ByteBuffer source) {
        for (long at = offset; source.hasRemaining(); ) {
            final int part = partLength(at, source.remaining());
            final int page = (int) (at / PAGE_LENGTH);
            if (pages[page] == null) {
                pages[page] = new byte[PAGE_LENGTH];
            }
            source.get(pages[page], (int) (at % PAGE_LENGTH), part);
            at += part;
        }
    }

    void zero(final long offset, final long zeroLength) {
        for (long at = offset; at < offset + zeroLength; ) {
            final int part = partLength(at, offset + zeroLength - at);
            final int page = (int) (at / PAGE_LENGTH);
            if (part == PAGE_LENGTH) {
                pages[page] = null;
            } else if (pages[page] != null) {
                final int from = (int) (at % PAGE_LENGTH);
                Arrays.fill(pages[page], from, from + part, (byte) 0);
            }
            at += part;
        }
    }

    /** Does what was done to a disk. */
    void apply(final DiskTrace.Event event) {
        if (event.bytes() == null) {
            zero(event.offset(), event.length());
        } else {
            write(event.offset(), ByteBuffer.wrap(event.bytes()));
        }
    }

    private static int partLength(final long at, final long remaining) {
        return (int) Math.min(remaining, PAGE_LENGTH - at % PAGE_LENGTH);
    }

    /** Fills a new file. */
    void writeTo(final FileChannel file) throws IOException {
        for (int page = 0; page < pages.length; page++) {
            if (pages[page] != null) {
                final long offset = (long) page * PAGE_LENGTH;
                final ByteBuffer bytes = ByteBuffer.wrap(pages[page], 0, (int) Math.min(PAGE_LENGTH, length - offset));
                for (long at = offset; bytes.hasRemaining(); ) {
                    at += file.write(bytes, at);
                }
            }
        }
        if (file.size() < length) {
            file.write(ByteBuffer.wrap(new byte[1]), length - 1);
        }
    }
}
