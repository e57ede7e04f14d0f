package org.farshore.tests.lab;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Reads disks and files past the page cache, for comparing and for knowing how fast the disk is. */
public final class DirectDisk {
    private static final int BUFFER_LENGTH = 4 << 20;
    private static final int BLOCK_LENGTH = 4096;
    private static final int SHOWN_DIFFERENCES = 8;

    private DirectDisk() {}

    /** What a comparison found; offsets of the first few blocks that differ. */
    public record Comparison(long sourceLength, long replicaLength, long differingBlocks, List<Long> firstOffsets) {
        public boolean equal() {
            return sourceLength == replicaLength && differingBlocks == 0;
        }
    }

    /** Compares device and replica byte by byte. */
    public static Comparison compare(final Path source, final Path replica) {
        try (FileChannel left = open(source);
                FileChannel right = open(replica)) {
            final ByteBuffer leftBytes = aligned();
            final ByteBuffer rightBytes = aligned();
            final List<Long> offsets = new ArrayList<>();
            long differing = 0;
            long at = 0;
            while (true) {
                final int leftCount = fill(left, leftBytes, at);
                final int rightCount = fill(right, rightBytes, at);
                final int common = Math.min(leftCount, rightCount);
                if (leftBytes.limit(common).mismatch(rightBytes.limit(common)) >= 0) {
                    differing += differingBlocks(leftBytes, rightBytes, common, at, offsets);
                }
                at += common;
                if (leftCount < BUFFER_LENGTH || rightCount < BUFFER_LENGTH) {
                    return new Comparison(at + leftCount - common, at + rightCount - common, differing, offsets);
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("comparing " + source + " with " + replica, e);
        }
    }

    private static long differingBlocks(
            final ByteBuffer left, final ByteBuffer right, final int count, final long at, final List<Long> offsets) {
        long differing = 0;
        for (int offset = 0; offset < count; offset += BLOCK_LENGTH) {
            final int length = Math.min(BLOCK_LENGTH, count - offset);
            if (!left.slice(offset, length).equals(right.slice(offset, length))) {
                differing++;
                if (offsets.size() < SHOWN_DIFFERENCES) {
                    offsets.add(at + offset);
                }
            }
        }
        return differing;
    }

    /** Bytes per second of one bare sequential read of the whole device. */
    public static double readRate(final Path device) {
        try (FileChannel channel = open(device)) {
            final ByteBuffer bytes = aligned();
            final long startNs = System.nanoTime();
            long at = 0;
            int count;
            do {
                count = fill(channel, bytes, at);
                at += count;
            } while (count == BUFFER_LENGTH);
            return at * 1e9 / (System.nanoTime() - startNs);
        } catch (final IOException e) {
            throw new UncheckedIOException("reading " + device, e);
        }
    }

    private static FileChannel open(final Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
    }

    private static ByteBuffer aligned() {
        return ByteBuffer.allocateDirect(BUFFER_LENGTH + BLOCK_LENGTH)
                .alignedSlice(BLOCK_LENGTH)
                .slice(0, BUFFER_LENGTH);
    }

    /** Reads from {@code at} until the buffer is full or the file ends; the buffer is ready for reading then. */
    private static int fill(final FileChannel channel, final ByteBuffer bytes, final long at) throws IOException {
        bytes.clear();
        while (bytes.hasRemaining() && bytes.position() % BLOCK_LENGTH == 0) {
            final int count = channel.read(bytes, at + bytes.position());
            if (count <= 0) {
                break;
            }
        }
        bytes.flip();
        return bytes.limit();
    }
}
