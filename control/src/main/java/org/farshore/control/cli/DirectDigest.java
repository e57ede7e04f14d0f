package org.farshore.control.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;

/**
 * Reads devices and files past the page cache, so that what is compared is what the disk holds and not what memory
 * remembers of it. A tail shorter than a block, on a device of odd length, is read through the cache.
 */
final class DirectDigest {
    private static final int BLOCK_LENGTH = 4096;
    private static final int READ_LENGTH = 1 << 20;
    private static final int RANGES_MAX = 10;

    private DirectDigest() {}

    /** SHA-256 of the first {@code length} bytes, in hexadecimal. */
    static String sha256(final Path path, final long length) throws IOException {
        final MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
        try (Reader reader = new Reader(path)) {
            for (long offset = 0; offset < length; offset += READ_LENGTH) {
                digest.update(reader.read(offset, (int) Math.min(READ_LENGTH, length - offset)));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The first ranges of blocks in which two differ, as {@code offset+length}, and how many blocks differ in all. */
    static List<String> differences(final Path first, final Path second, final long length) throws IOException {
        final List<String> ranges = new ArrayList<>();
        long differing = 0;
        long rangeStart = -1;
        try (Reader a = new Reader(first);
                Reader b = new Reader(second)) {
            for (long offset = 0; offset < length; offset += BLOCK_LENGTH) {
                final int part = (int) Math.min(BLOCK_LENGTH, length - offset);
                final boolean equal = a.read(offset, part).equals(b.read(offset, part));
                differing += equal ? 0 : 1;
                if (!equal && rangeStart < 0) {
                    rangeStart = offset;
                } else if (equal && rangeStart >= 0) {
                    add(ranges, rangeStart, offset);
                    rangeStart = -1;
                }
            }
        }
        if (rangeStart >= 0) {
            add(ranges, rangeStart, length);
        }
        ranges.add(differing + " blocks of 4 KiB differ in all");
        return ranges;
    }

    private static void add(final List<String> ranges, final long from, final long to) {
        if (ranges.size() < RANGES_MAX) {
            ranges.add(from + "+" + (to - from));
        }
    }

    private static final class Reader implements AutoCloseable {
        private final BlockFile direct;
        private final BlockFile cached;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_LENGTH + BLOCK_LENGTH)
                .alignedSlice(BLOCK_LENGTH)
                .slice(0, READ_LENGTH);

        Reader(final Path path) throws IOException {
            final ChannelBlockFiles files = new ChannelBlockFiles();
            direct = files.open(path, BlockFiles.Mode.READ_DIRECT);
            cached = files.open(path, BlockFiles.Mode.READ);
        }

        ByteBuffer read(final long offset, final int length) throws IOException {
            final int whole = length / BLOCK_LENGTH * BLOCK_LENGTH;
            if (whole > 0) {
                direct.read(buffer.clear().limit(whole), offset);
            }
            if (whole < length) {
                cached.read(buffer.clear().position(whole).limit(length), offset + whole);
            }
            return buffer.position(0).limit(length);
        }

        @Override
        public void close() {
            direct.close();
            cached.close();
        }
    }
}
