package org.farshore.dataplane.retire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * One batch on its way into the replicas: long ranges to be zeroed and, in the {@link WriteArena}, everything else. Nothing
 * reaches a replica while the batch is gathered; then the ranges are zeroed and the arena is written over them. A range
 * that comes later than a write drops what it covers from the arena, so that order is always right.
 *
 * <p>The batch stays whole until it is synced: after a failed sync all of it is written again (F11), because the kernel
 * may have dropped any page of it and will not say which. One thread; shared by all streams, one at a time.
 */
final class ApplyBatch implements RunWriter.Sink {
    private static final int ZERO_RANGES_MAX = 1024;
    /** So much has a whole block in it wherever it begins. */
    private static final int LONG_ZERO_LENGTH_MIN = 2 * StreamLimits.BLOCK_LENGTH;

    private static final int LONG_ZERO_LENGTH_MAX = 256 << 10;
    private static final int ZERO_RANGES_AT_ONCE = 16;
    private static final int BYTES_AT_ONCE = 8 << 20;
    private static final int BLOCK_LENGTH = StreamLimits.BLOCK_LENGTH;

    private final WriteArena arena;
    private final RunWriter runWriter;
    /** A range of zeros from here on is long: it is zeroed by itself and takes no memory but for its ends. */
    private final long longZeroLength;

    private final int[] zeroReplicas = new int[ZERO_RANGES_MAX];
    private final long[] zeroOffsets = new long[ZERO_RANGES_MAX];
    private final long[] zeroLengths = new long[ZERO_RANGES_MAX];
    private ArrayList<ReplicaVolume> replicas;
    private int zeroCount;
    private int zeroNext;
    private long zeroedBytes;
    private boolean runsBegun;

    ApplyBatch(final int arenaLength) {
        arena = new WriteArena(arenaLength);
        longZeroLength = longZeroLength(arena.freeSlots());
        runWriter = new RunWriter(arena, this);
    }

    /**
     * The largest message must fit into an empty batch, or it would wait for room for ever: each of its extents may take a
     * share of the memory, and a range of zeros shorter than so many blocks touches one more at most.
     */
    private static long longZeroLength(final int slots) {
        final long shareBlocks = slots / StreamLimits.BATCH_EXTENTS_MAX;
        return Math.max(LONG_ZERO_LENGTH_MIN, Math.min(LONG_ZERO_LENGTH_MAX, (shareBlocks - 1) * BLOCK_LENGTH));
    }

    /** Begins an empty batch for the replicas of one stream. */
    void begin(final ArrayList<ReplicaVolume> streamReplicas) {
        replicas = streamReplicas;
        arena.clear();
        zeroCount = 0;
    }

    boolean isEmpty() {
        return arena.isEmpty() && zeroCount == 0;
    }

    /** True when a whole batch message fits in any case. */
    boolean hasRoomFor(final RecordMessage message) {
        long blocks = 0;
        int ranges = 0;
        for (int i = 0; i < message.groupCount(); i++) {
            final long length = message.extentLength(i);
            if (isLongZero(message.extentKind(i), length)) {
                blocks += 2;
                ranges++;
            } else {
                blocks += WriteArena.blocksOf(message.extentOffset(i), length);
            }
        }
        return blocks <= arena.freeSlots() && zeroCount + ranges <= ZERO_RANGES_MAX;
    }

    private boolean isLongZero(final int kind, final long length) {
        return !RecordMessage.carriesPayload(kind) && length >= longZeroLength;
    }

    void write(final int replica, final long offset, final DirectBuffer source, final int at, final int length) {
        arena.write(replica, offset, source, at, length);
    }

    void zero(final int replica, final int kind, final long offset, final long length) {
        if (!isLongZero(kind, length)) {
            arena.zero(replica, offset, length);
            return;
        }
        final long end = offset + length;
        final long firstWhole = (offset + BLOCK_LENGTH - 1) / BLOCK_LENGTH * BLOCK_LENGTH;
        final long endWhole = end / BLOCK_LENGTH * BLOCK_LENGTH;
        if (firstWhole > offset) {
            arena.zero(replica, offset, firstWhole - offset);
        }
        if (end > endWhole) {
            arena.zero(replica, endWhole, end - endWhole);
        }
        arena.drop(replica, firstWhole, endWhole - firstWhole);
        zeroReplicas[zeroCount] = replica;
        zeroOffsets[zeroCount] = firstWhole;
        zeroLengths[zeroCount++] = endWhole - firstWhole;
    }

    /** Begins to write the batch; also begins again. */
    void beginWrite() {
        zeroNext = 0;
        zeroedBytes = 0;
        runsBegun = false;
    }

    /** Writes a bounded part; returns true when all is written. */
    boolean writeStep() throws IOException {
        if (zeroNext < zeroCount) {
            for (int i = 0; i < ZERO_RANGES_AT_ONCE && zeroNext < zeroCount; i++) {
                replicas.get(zeroReplicas[zeroNext]).zero(zeroOffsets[zeroNext], zeroLengths[zeroNext]);
                zeroedBytes += zeroLengths[zeroNext++];
            }
            return false;
        }
        if (!runsBegun) {
            runWriter.begin();
            runsBegun = true;
        }
        return runWriter.step(BYTES_AT_ONCE);
    }

    @Override
    public void write(final int replica, final long offset, final ByteBuffer bytes) throws IOException {
        replicas.get(replica).write(offset, bytes);
    }

    @Override
    public void zero(final int replica, final long offset, final long length) throws IOException {
        replicas.get(replica).zero(offset, length);
    }

    /** Bytes written by the last round. */
    long writtenBytes() {
        return runWriter.written();
    }

    /** Bytes zeroed by the last round. */
    long zeroedBytes() {
        return zeroedBytes + runWriter.zeroed();
    }
}
