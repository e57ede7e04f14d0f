package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** One volume that is scanned: its file, the checksums of its copy, and its bits, in memory of this process. One thread. */
final class ScannedVolume implements AutoCloseable {
    private static final int BLOCK_LENGTH = BlockChecksums.BLOCK_LENGTH;
    /** Room for growth: as many blocks again, at least 1 GiB. Untouched memory costs nothing. */
    private static final long GROWTH_BLOCKS_MIN = (1L << 30) / BLOCK_LENGTH;

    private final VolumeDevice device;
    private final BlockFile file;
    private final BlockChecksums checksums;
    private final long capacity;
    private final long bitsAddress;
    private final PinnedBits lost;
    private final PinnedBits todo;
    private final PinnedBits sent;
    private long sizeBytes;
    private int phase;
    private boolean comparing;

    ScannedVolume(final VolumeDevice device, final BlockFiles files, final long key) {
        this.device = device;
        this.sizeBytes = device.sizeBytes();
        final long blocks = blocks(sizeBytes);
        if (blocks > BlockChecksums.BLOCKS_MAX) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    device.path() + " of " + sizeBytes + " bytes is too large for capture by scan: capture it by eBPF");
        }
        capacity = Math.min(
                BitUtil.align(blocks + Math.max(blocks, GROWTH_BLOCKS_MIN), 64), BlockChecksums.BLOCKS_MAX & ~63L);
        file = open(files, Path.of(device.path()));
        checksums = new BlockChecksums(key, capacity);
        bitsAddress = LinuxCalls.mapPrivate(3 * (capacity >>> 3), "volume bits");
        lost = new PinnedBits(bitsAddress, capacity, blocks);
        todo = new PinnedBits(bitsAddress + (capacity >>> 3), capacity, blocks);
        sent = new PinnedBits(bitsAddress + 2 * (capacity >>> 3), capacity, blocks);
    }

    /** Past the page cache where the file system can, since a device's own is not that of a file system on it. */
    private static BlockFile open(final BlockFiles files, final Path path) {
        try {
            return files.open(path, BlockFiles.Mode.READ_DIRECT);
        } catch (final IOException | UnsupportedOperationException direct) {
            try {
                return files.open(path, BlockFiles.Mode.READ);
            } catch (final IOException e) {
                throw new FarshoreException(ExitCode.CONFIGURATION, "cannot read " + path + ": " + e.getMessage(), e);
            }
        }
    }

    private static long blocks(final long bytes) {
        return (bytes + BLOCK_LENGTH - 1) / BLOCK_LENGTH;
    }

    BlockFile readingFile() {
        return new NotingBlockFile(device.file(), checksums);
    }

    long blockCount() {
        return todo.blockCount();
    }

    PinnedBits lost() {
        return lost;
    }

    PinnedBits todo() {
        return todo;
    }

    PinnedBits sent() {
        return sent;
    }

    int phase() {
        return phase;
    }

    void phase(final int code) {
        phase = code;
    }

    boolean comparing() {
        return comparing;
    }

    void comparing(final boolean now) {
        comparing = now;
    }

    /** True when nothing is on its way to the copy: what the copy holds is what the checksums say. */
    boolean isQuiet() {
        return todo.cardinality() == 0 && sent.cardinality() == 0 && !comparing;
    }

    /**
     * Compares blocks from {@code first} on, at most what the buffer takes; what differs, or cannot be read, is lost.
     *
     * @return how many differ.
     */
    int scan(final long first, final ByteBuffer buffer, final UnsafeBuffer view) {
        final long offset = first * BLOCK_LENGTH;
        final int length = (int) Math.min(buffer.capacity(), sizeBytes - offset);
        try {
            file.read(buffer.clear().limit(length), offset);
        } catch (final IOException e) {
            lost.setRange(first, blocks(length));
            return (int) blocks(length);
        }
        int changed = 0;
        for (int at = 0; at < length; at += BLOCK_LENGTH) {
            final long block = first + at / BLOCK_LENGTH;
            if (checksums.differs(block, view, at, Math.min(BLOCK_LENGTH, length - at))) {
                lost.setRange(block, 1);
                changed++;
            }
        }
        return changed;
    }

    long harvest() {
        long moved = 0;
        for (long block = lost.nextSet(0); block >= 0; block = lost.nextSet(block + 1)) {
            todo.setRange(block, 1);
            lost.clearRange(block, 1);
            moved++;
        }
        return moved;
    }

    boolean grow(final long bytes) {
        final long blocks = blocks(bytes);
        if (bytes < sizeBytes || blocks > capacity) {
            return false;
        }
        final long firstAdded = sizeBytes / BLOCK_LENGTH;
        sizeBytes = bytes;
        lost.blockCount(blocks);
        todo.blockCount(blocks);
        sent.blockCount(blocks);
        todo.setRange(firstAdded, blocks - firstAdded);
        return true;
    }

    @Override
    public void close() {
        file.close();
        checksums.close();
        LinuxCalls.munmap(bitsAddress, 3 * (capacity >>> 3));
    }
}
