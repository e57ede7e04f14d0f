package org.farshore.dataplane.retire;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.journal.DirectWrites;

/**
 * Chunks on their straight way into replicas (G2). The receive thread fills it beside the group that holds their COPIED
 * frames; the commit thread writes and syncs it before that group. Bounded by its memory and its number of extents.
 */
public final class DirectBatch implements DirectWrites {
    /** Most extents in one batch. */
    public static final int EXTENTS_MAX = 8192;

    private final ByteBuffer bytes;
    private final UnsafeBuffer buffer;
    private final OneToOneConcurrentArrayQueue<DirectBatch> free;
    private final ReplicaVolume[] replicas = new ReplicaVolume[EXTENTS_MAX];
    private final long[] offsets = new long[EXTENTS_MAX];
    private final long[] lengths = new long[EXTENTS_MAX];
    private final boolean[] zeros = new boolean[EXTENTS_MAX];
    private int count;
    private int used;

    DirectBatch(final int capacity, final OneToOneConcurrentArrayQueue<DirectBatch> free) {
        this.bytes = BufferUtil.allocateDirectAligned(capacity, 4096);
        this.buffer = new UnsafeBuffer(bytes);
        this.free = free;
    }

    /** True when so many extents with so much payload fit. */
    public boolean hasRoom(final int extents, final int payloadLength) {
        return count + extents <= EXTENTS_MAX && used + payloadLength <= bytes.capacity();
    }

    /** Takes a chunk; what follows the chunk before it, in the same replica, joins it. */
    public void add(
            final ReplicaVolume replica, final long offset, final DirectBuffer source, final int at, final int length) {
        buffer.putBytes(used, source, at, length);
        used += length;
        join(replica, offset, length, false);
    }

    /** Takes a chunk of zeros. */
    public void addZeros(final ReplicaVolume replica, final long offset, final long length) {
        join(replica, offset, length, true);
    }

    private void join(final ReplicaVolume replica, final long offset, final long length, final boolean zero) {
        final int last = count - 1;
        if (last >= 0 && replicas[last] == replica && zeros[last] == zero && offsets[last] + lengths[last] == offset) {
            lengths[last] += length;
            return;
        }
        replicas[count] = replica;
        offsets[count] = offset;
        lengths[count] = length;
        zeros[count++] = zero;
    }

    /** Writes and syncs; after a failure everything once more, because nobody says which pages were dropped (F11). */
    @Override
    public void writeAndSync() throws IOException {
        try {
            writeAll();
        } catch (final IOException first) {
            try {
                writeAll();
            } catch (final IOException second) {
                second.addSuppressed(first);
                throw second;
            }
        }
        for (int i = 0; i < count; i++) {
            replicas[i] = null;
        }
        count = 0;
        used = 0;
        free.offer(this);
    }

    private void writeAll() throws IOException {
        int at = 0;
        for (int i = 0; i < count; i++) {
            if (zeros[i]) {
                replicas[i].zeroDirect(offsets[i], lengths[i]);
            } else {
                bytes.clear().position(at).limit(at + (int) lengths[i]);
                replicas[i].writeDirect(offsets[i], bytes);
                at += (int) lengths[i];
            }
        }
        for (int i = 0; i < count; i++) {
            replicas[i].syncDirect();
        }
    }
}
