package org.farshore.dataplane.retire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.StateLog;

/**
 * The base copy of one volume: a sparse file or a block device. It has two descriptors, one for the apply thread and one
 * for the commit thread that writes chunks straight into it.
 *
 * <p>A sync that fails may have dropped pages of either thread. Both descriptors are told so by newer kernels; here a
 * count of failures sees to it in any case: a sync is good only when no sync of the other thread has failed since the
 * last good one.
 */
public final class ReplicaVolume implements AutoCloseable {
    private static final StateLog LOG = StateLog.of(ReplicaVolume.class);

    private final Path path;
    private final String name;
    private final long uuidHigh;
    private final long uuidLow;
    private final boolean growable;
    private final AtomicInteger failures = new AtomicInteger();
    private final Side applySide;
    private final Side directSide;
    private boolean untouched;

    /** @param untouched true when nobody has claimed it before. */
    ReplicaVolume(
            final Path path,
            final String name,
            final long uuidHigh,
            final long uuidLow,
            final boolean growable,
            final boolean untouched,
            final BlockFile applyFile,
            final BlockFile directFile) {
        this.untouched = untouched;
        this.path = path;
        this.name = name;
        this.uuidHigh = uuidHigh;
        this.uuidLow = uuidLow;
        this.growable = growable;
        this.applySide = new Side(applyFile);
        this.directSide = new Side(directFile);
    }

    /** Where it lies. */
    public Path path() {
        return path;
    }

    /** Name of the volume. */
    public String name() {
        return name;
    }

    /** Receive thread: true until its volume is announced for the first time; the journal holds nothing of it before. */
    public boolean isUntouched() {
        return untouched;
    }

    /** Receive thread: the journal may hold writes to it from here on. */
    public void announced() {
        untouched = false;
    }

    /** Random id of the volume. */
    public UUID uuid() {
        return new UUID(uuidHigh, uuidLow);
    }

    boolean hasUuid(final long high, final long low) {
        return uuidHigh == high && uuidLow == low;
    }

    /** One thread's descriptor. */
    private final class Side {
        private final BlockFile file;
        private boolean dirty;
        private int failuresSeen;
        private int failuresForgotten;

        Side(final BlockFile file) {
            this.file = file;
        }

        void sync() throws IOException {
            try {
                file.sync();
            } catch (final IOException e) {
                failuresSeen = failures.incrementAndGet();
                throw e;
            }
            final int now = failures.get();
            if (now != failuresSeen) {
                failuresSeen = now;
                throw new IOException("another sync of " + path + " has failed meanwhile");
            }
            dirty = false;
        }

        /** Before the first write after a failed sync of either thread; what was lost is written again in full (F11). */
        void prepareWrite() throws IOException {
            dirty = true;
            final int now = failures.get();
            if (now != failuresForgotten) {
                file.forgetCached();
                failuresForgotten = now;
            }
        }
    }

    /**
     * After opening: what an earlier life of the process wrote and did not sync is written again, and what it failed to sync
     * must not be written over pages that are still there.
     */
    void forgetEarlierLife() throws IOException {
        try {
            applySide.file.sync();
        } catch (final IOException e) {
            LOG.warn("replica", path, "event", "written-again", "reason", e.getMessage());
        }
        applySide.file.forgetCached();
    }

    /** Makes room for a volume of this size; apply thread. */
    void grow(final long sizeBytes) throws IOException, ReplicaRefusedException {
        final long length = applySide.file.length();
        if (length >= sizeBytes) {
            return;
        }
        if (!growable) {
            throw new ReplicaRefusedException("replica " + path + " has " + length + " bytes, volume " + name + " has "
                    + sizeBytes + ": grow the device, the agent then goes on by itself");
        }
        applySide.dirty = true;
        applySide.file.setLength(sizeBytes);
    }

    /** Writes at an offset; apply thread. */
    void write(final long offset, final ByteBuffer bytes) throws IOException {
        applySide.prepareWrite();
        applySide.file.write(bytes, offset);
    }

    /** Zeroes a range; apply thread. */
    void zero(final long offset, final long length) throws IOException {
        applySide.prepareWrite();
        applySide.file.zero(offset, length);
    }

    /** Reads a range as written so far, by whichever thread; apply thread. */
    void read(final long offset, final ByteBuffer bytes) throws IOException {
        applySide.file.read(bytes, offset);
    }

    /** True when the apply thread has written since its last good sync. */
    boolean isApplyDirty() {
        return applySide.dirty;
    }

    /** Returns when what the apply thread wrote is on the disk. */
    void sync() throws IOException {
        applySide.sync();
    }

    /** Writes at an offset; commit thread. */
    void writeDirect(final long offset, final ByteBuffer bytes) throws IOException {
        directSide.prepareWrite();
        directSide.file.write(bytes, offset);
    }

    /** Zeroes a range; commit thread. */
    void zeroDirect(final long offset, final long length) throws IOException {
        directSide.prepareWrite();
        directSide.file.zero(offset, length);
    }

    /** Returns when what the commit thread wrote is on the disk. */
    void syncDirect() throws IOException {
        if (directSide.dirty) {
            directSide.sync();
        }
    }

    @Override
    public void close() {
        applySide.file.close();
        directSide.file.close();
    }
}
