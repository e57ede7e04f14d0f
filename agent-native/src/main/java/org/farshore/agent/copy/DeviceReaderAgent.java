package org.farshore.agent.copy;

import java.io.IOException;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.PieceHasher;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Reads protected devices on a thread of its own, past the page cache, and hashes pieces or looks for zero blocks while
 * the bytes are in the cache of its core. A failing read is repeated, then taken apart block by block, so that one bad
 * sector costs one block.
 */
public final class DeviceReaderAgent implements Agent {
    private static final StateLog LOG = StateLog.of(DeviceReaderAgent.class);
    /** Attempts to read a range as a whole before it is taken apart. */
    private static final int ATTEMPTS = 3;

    private static final int QUEUE_LENGTH = 8;

    private final OneToOneConcurrentArrayQueue<ReadTask> requests = new OneToOneConcurrentArrayQueue<>(QUEUE_LENGTH);
    private final OneToOneConcurrentArrayQueue<ReadTask> results = new OneToOneConcurrentArrayQueue<>(QUEUE_LENGTH);
    private PieceHasher hasher;

    @Override
    public int doWork() {
        final ReadTask task = requests.poll();
        if (task == null) {
            return 0;
        }
        read(task);
        results.add(task);
        return 1;
    }

    @Override
    public void onClose() {
        if (hasher != null) {
            hasher.close();
        }
    }

    @Override
    public String roleName() {
        return "device-reader";
    }

    /** Called by the duty cycle: the read is issued now. */
    void issue(final ReadTask task) {
        requests.add(task);
    }

    /** Called by the duty cycle: the next finished read, or null. */
    ReadTask poll() {
        return results.poll();
    }

    private void read(final ReadTask task) {
        task.clearResult();
        IOException failure = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            failure = tryRead(task.file, task, 0, task.length);
            if (failure == null) {
                break;
            }
        }
        if (failure != null) {
            readByBlocks(task, failure);
        }
        if (task.isHash) {
            hash(task);
        } else {
            findZeros(task);
        }
    }

    private static void readByBlocks(final ReadTask task, final IOException cause) {
        int bad = 0;
        for (int block = 0; block < task.blockCount(); block++) {
            final int at = block * StreamLimits.BLOCK_LENGTH;
            if (tryRead(task.file, task, at, Math.min(StreamLimits.BLOCK_LENGTH, task.length - at)) != null) {
                task.markUnreadable(block);
                bad++;
            }
        }
        LOG.warn("volume", task.file.name(), "offset", task.offset, "unreadable.blocks", bad, "reason", cause);
    }

    /** Direct reads are whole blocks: the read of a volume's last, partial block ends early, and that is no failure. */
    private static IOException tryRead(final BlockFile file, final ReadTask task, final int at, final int length) {
        final int end = at + length;
        final int alignedEnd = (end + StreamLimits.BLOCK_LENGTH - 1) & -StreamLimits.BLOCK_LENGTH;
        task.bytes.limit(alignedEnd).position(at);
        try {
            file.read(task.bytes, task.offset + at);
            return null;
        } catch (final IOException e) {
            return task.bytes.position() >= end ? null : e;
        }
    }

    private void hash(final ReadTask task) {
        if (hasher == null) {
            hasher = new PieceHasher();
        }
        hasher.key(task.key, 0);
        final long firstPiece = task.offset / StreamLimits.PIECE_LENGTH;
        for (int piece = 0; piece < task.pieceCount(); piece++) {
            final int at = piece * StreamLimits.PIECE_LENGTH;
            hasher.hash(
                    task.volume,
                    firstPiece + piece,
                    task.buffer,
                    at,
                    Math.min(StreamLimits.PIECE_LENGTH, task.length - at),
                    task.tags,
                    piece * PieceHasher.HASH_LENGTH);
        }
    }

    private static void findZeros(final ReadTask task) {
        for (int block = 0; block < task.blockCount(); block++) {
            final int at = block * StreamLimits.BLOCK_LENGTH;
            if (isZero(task, at, Math.min(StreamLimits.BLOCK_LENGTH, task.length - at))) {
                task.markZero(block);
            }
        }
    }

    private static boolean isZero(final ReadTask task, final int at, final int length) {
        for (int i = at; i < at + length; i += Long.BYTES) {
            if (task.buffer.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
