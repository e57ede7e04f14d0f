package org.farshore.dataplane.retire;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Writes a sorted arena to the replicas in runs as long as the blocks allow, at most 1 MiB at once: a write of 4 KiB costs
 * a filesystem as much as two of 64 KiB. Zero blocks become holes where enough of them lie together. One thread.
 */
final class RunWriter {
    /** Where runs go. */
    interface Sink {
        /** Writes the buffer, position to limit. */
        void write(int replica, long offset, ByteBuffer bytes) throws IOException;

        /** Zeroes a range. */
        void zero(int replica, long offset, long length) throws IOException;
    }

    private static final int RUN_LENGTH_MAX = 1 << 20;
    private static final int HOLE_LENGTH_MIN = 64 << 10;
    private static final int BLOCK_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int SECTOR_LENGTH = StreamLimits.SECTOR_LENGTH;
    private static final int SECTORS = BLOCK_LENGTH / SECTOR_LENGTH;

    private final WriteArena arena;
    private final Sink sink;
    private final ByteBuffer run = BufferUtil.allocateDirectAligned(RUN_LENGTH_MAX, BLOCK_LENGTH);
    private final UnsafeBuffer runBuffer = new UnsafeBuffer(run);
    private int count;
    private int next;
    private int replica;
    private long begin;
    private int length;
    private long zeroBegin;
    private long zeroLength;
    private long written;
    private long zeroed;

    RunWriter(final WriteArena arena, final Sink sink) {
        this.arena = arena;
        this.sink = sink;
    }

    /** Begins to write everything that the arena holds now; also begins again. */
    void begin() {
        count = arena.sort();
        next = 0;
        length = 0;
        zeroLength = 0;
        written = 0;
        zeroed = 0;
    }

    /**
     * Writes on, until about {@code bytes} more have been written.
     *
     * @return true when all is written.
     */
    boolean step(final int bytes) throws IOException {
        final long until = written + zeroed + bytes;
        while (next < count && written + zeroed < until) {
            add(arena.slotAt(next++));
        }
        if (next < count) {
            return false;
        }
        flush();
        flushZeros();
        return true;
    }

    private void add(final int slot) throws IOException {
        final int slotReplica = arena.replicaOf(slot);
        final long offset = arena.offsetOf(slot);
        final int mask = arena.maskOf(slot);
        if (arena.isZero(slot)) {
            addZeros(slotReplica, offset);
        } else if (mask == WriteArena.FULL_MASK) {
            addBytes(slotReplica, offset, slot * BLOCK_LENGTH, BLOCK_LENGTH);
        } else {
            int sector = 0;
            while (sector < SECTORS) {
                final int begun = sector;
                while (sector < SECTORS && (mask & 1 << sector) != 0) {
                    sector++;
                }
                if (sector > begun) {
                    final int at = begun * SECTOR_LENGTH;
                    addBytes(slotReplica, offset + at, slot * BLOCK_LENGTH + at, (sector - begun) * SECTOR_LENGTH);
                }
                sector++;
            }
        }
    }

    private void addBytes(final int toReplica, final long offset, final int at, final int part) throws IOException {
        flushZeros();
        if (length > 0 && (toReplica != replica || offset != begin + length || length + part > RUN_LENGTH_MAX)) {
            flush();
        }
        if (length == 0) {
            replica = toReplica;
            begin = offset;
        }
        runBuffer.putBytes(length, arena.memory(), at, part);
        length += part;
    }

    private void addZeros(final int toReplica, final long offset) throws IOException {
        flush();
        if (zeroLength > 0 && (toReplica != replica || offset != zeroBegin + zeroLength)) {
            flushZeros();
        }
        if (zeroLength == 0) {
            replica = toReplica;
            zeroBegin = offset;
        }
        zeroLength += BLOCK_LENGTH;
    }

    private void flush() throws IOException {
        if (length > 0) {
            run.clear().limit(length);
            sink.write(replica, begin, run);
            written += length;
            length = 0;
        }
    }

    private void flushZeros() throws IOException {
        if (zeroLength >= HOLE_LENGTH_MIN) {
            sink.zero(replica, zeroBegin, zeroLength);
            zeroed += zeroLength;
        } else if (zeroLength > 0) {
            runBuffer.setMemory(0, (int) zeroLength, (byte) 0);
            run.clear().limit((int) zeroLength);
            sink.write(replica, zeroBegin, run);
            written += zeroLength;
        }
        zeroLength = 0;
    }

    /** Bytes written since {@link #begin()}. */
    long written() {
        return written;
    }

    /** Bytes zeroed since {@link #begin()}. */
    long zeroed() {
        return zeroed;
    }
}
