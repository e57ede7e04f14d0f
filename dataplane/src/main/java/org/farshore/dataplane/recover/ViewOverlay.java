package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.BufferUtil;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Entropy;

/**
 * The private changes of one view of one volume: a sparse file {@code <volume>.overlay} with every changed block at its own
 * offset, and {@code <volume>.present} that says which those are ({@link PresenceFile}). When the view is a machine's disk
 * after a failover, this is production data and nobody has another copy.
 *
 * <h2>Order (H1)</h2>
 * A block's bytes go to the data file, then its bit is set in memory. {@link #flush} syncs the data file, then writes the
 * bits as they stood <em>before</em> that sync began, then syncs them. So a bit on the disk always has its bytes on the
 * disk. The other way round, a power cut between the two would leave a bit without bytes: the hole of a sparse file, zeros
 * where the volume had data. While nothing new becomes present, as when a database writes the same blocks again, a flush is
 * one sync.
 *
 * <h2>Parts of a block</h2>
 * A bit stands for 4 KiB. A write of less into a block that the overlay does not have reads the rest from what lies below
 * the overlay and writes the whole block. Two such writes into one block, or one and a write of the whole, must not
 * interleave, or one would put back what the other has just replaced: writers hold a lock, one for the overlay, while their
 * bytes go into the page cache. Readers and flushes hold none; a reader that comes in between sees the state before or
 * after.
 *
 * <h2>Zeros</h2>
 * A trimmed or zeroed block is a bit of its own and takes no space; the file's blocks are given back where it had some. A
 * stop between the two leaves a present block that reads as zeros: a trim that was not flushed and happened all the same.
 *
 * <h2>When a disk fails</h2>
 * A write that finds no space ends with {@link ViewException.Cause#DISK_FULL}; bits of blocks that were not written stay as
 * they were, and the next write may succeed. A <em>sync</em> that fails says that bytes may be lost although the page cache
 * shows them, and the next sync would answer that all is well: so the overlay stops for good, for reading too. What was
 * flushed before is on the disk; opening it again makes the page cache forget what it has beyond that, shows that much, and
 * may show less than was answered without a flush.
 *
 * <h2>Letting go (H3)</h2>
 * When the volume's base becomes the disk itself, {@link OverlayDrain} moves the blocks there, a range at a time. Since then a
 * block that the overlay does not hold is written to the base, so what it holds only shrinks; a block that is written while
 * its range is copied stays here. A bit is cleared when the block is in the base, synced, and a bit that comes back after a
 * stop has the same bytes here: nothing of a drained block is removed before the whole overlay is.
 *
 * <p>Any thread. Nothing is allocated by reads, and by writes only what a page costs when it is first met.
 */
public final class ViewOverlay implements AutoCloseable {
    /** What one bit stands for. */
    public static final int BLOCK_LENGTH = 4096;

    static final String SUFFIX = ".overlay";

    /** Written under the lock in one go; touches two pages of bits at most. */
    private static final int WRITE_LENGTH_MAX = 1 << 20;

    private static final int PAGES_PER_WRITE = 2;

    private final BlockFile data;
    private final Presence presence;
    private final long sizeBytes;
    private final ReentrantLock writing = new ReentrantLock();
    private final ReentrantLock flushing = new ReentrantLock();
    private final ByteBuffer block = BufferUtil.allocateDirectAligned(BLOCK_LENGTH, BLOCK_LENGTH);
    private boolean inherited = true;
    private volatile boolean dirtyData = true;
    private volatile boolean stopped;
    private BlockFile base;
    private boolean dirtyBase;
    private final BitSet rewritten = new BitSet();
    private long copiedFrom;
    private long copiedTo;

    /** What lies below an overlay: the volume at the moment of the view. */
    @FunctionalInterface
    interface Below {
        /** Fills {@code target} from its position to its limit with the bytes at {@code offset}. */
        void read(long offset, ByteBuffer target) throws ViewException;
    }

    private ViewOverlay(final BlockFile data, final Presence presence, final long sizeBytes) {
        this.data = data;
        this.presence = presence;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Makes an empty overlay in an existing directory; what was left of an unfinished one is replaced.
     *
     * @param name of the volume; part of the file names.
     * @throws ViewException DISK or DISK_FULL.
     */
    public static ViewOverlay create(
            final BlockFiles files,
            final Path directory,
            final String name,
            final long sizeBytes,
            final Entropy entropy)
            throws ViewException {
        try {
            final Path path = directory.resolve(name + SUFFIX);
            files.delete(directory.resolve(name + PresenceFile.SUFFIX));
            files.delete(path);
            files.open(path, BlockFiles.Mode.WRITE).close();
            PresenceFile.create(files, directory.resolve(name + PresenceFile.SUFFIX), entropy.nextLong(), sizeBytes);
        } catch (final IOException e) {
            throw ViewException.ofDisk(0, "cannot make overlay " + name + " in " + directory, e);
        }
        return open(files, directory, name, sizeBytes, true);
    }

    /** True when there is an overlay of this name. */
    public static boolean exists(final BlockFiles files, final Path directory, final String name) {
        return files.exists(directory.resolve(name + PresenceFile.SUFFIX));
    }

    /**
     * Opens an overlay; reads two blocks, whatever its size.
     *
     * @throws ViewException PRESENCE_DAMAGED when it is not the overlay of such a volume, DISK when it cannot be read.
     */
    public static ViewOverlay open(
            final BlockFiles files, final Path directory, final String name, final long sizeBytes)
            throws ViewException {
        return open(files, directory, name, sizeBytes, false);
    }

    private static ViewOverlay open(
            final BlockFiles files, final Path directory, final String name, final long sizeBytes, final boolean isNew)
            throws ViewException {
        final Path path = directory.resolve(name + SUFFIX);
        PresenceFile presence = null;
        try {
            presence = PresenceFile.open(files, directory.resolve(name + PresenceFile.SUFFIX), sizeBytes);
            if (!files.exists(path)) {
                throw new ViewException(
                        ViewException.Cause.PRESENCE_DAMAGED,
                        0,
                        ViewException.NO_POSITION,
                        "overlay " + path + " is gone, the list of its blocks is there");
            }
            return new ViewOverlay(
                    openData(files, path), new Presence(presence, PresenceFile.pageCount(sizeBytes), isNew), sizeBytes);
        } catch (final IOException e) {
            if (presence != null) {
                presence.close();
            }
            throw ViewException.ofDisk(0, "cannot open overlay " + path, e);
        }
    }

    /** What a sync that failed in an earlier life has lost is read as it is on the disk, and written again to good effect. */
    private static BlockFile openData(final BlockFiles files, final Path path) throws IOException {
        final BlockFile data = files.open(path, BlockFiles.Mode.WRITE);
        try {
            data.forgetCached();
            return data;
        } catch (final IOException | RuntimeException e) {
            data.close();
            throw e;
        }
    }

    /** Size of the volume in bytes. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** True after a sync has failed: nothing is read or written any more. */
    public boolean isStopped() {
        return stopped;
    }

    /** State of the block at {@code offset}: one of the constants of {@link Presence}. */
    int state(final long offset) throws ViewException {
        checkRunning(offset);
        try {
            return presence.state(offset / BLOCK_LENGTH);
        } catch (final IOException e) {
            throw ViewException.ofDisk(offset, "cannot look into the overlay", e);
        }
    }

    /** Offset, at most {@code end}, up to which everything from {@code offset} on is in {@code state}; maybe further. */
    long runEnd(final long offset, final long end, final int state) throws ViewException {
        final long endBlock = (end + BLOCK_LENGTH - 1) / BLOCK_LENGTH;
        try {
            return Math.min(end, presence.runEnd(offset / BLOCK_LENGTH, endBlock, state) * BLOCK_LENGTH);
        } catch (final IOException e) {
            throw ViewException.ofDisk(offset, "cannot look into the overlay", e);
        }
    }

    /** Fills {@code target} with bytes of the data file; only for a range that is {@link Presence#PRESENT}. */
    void read(final long offset, final ByteBuffer target) throws ViewException {
        try {
            data.read(target, offset);
        } catch (final IOException e) {
            throw ViewException.ofDisk(offset, "cannot read the overlay", e);
        }
    }

    /**
     * Writes {@code source} from its position to its limit at {@code offset}; durable after {@link #flush}. Cut off by a
     * failure it has written a part, as a disk has.
     */
    void write(final long offset, final ByteBuffer source, final Below below) throws ViewException {
        final int end = source.limit();
        long at = offset;
        while (source.position() < end) {
            final int aligned = WRITE_LENGTH_MAX - (int) (at % BLOCK_LENGTH);
            source.limit(Math.min(end, source.position() + aligned));
            final int length = source.remaining();
            lockForWriting(at);
            try {
                if (base == null) {
                    writeHere(at, source, below);
                } else {
                    writeThrough(at, source, below);
                }
            } catch (final IOException e) {
                throw ViewException.ofDisk(at, "cannot write to the overlay", e);
            } finally {
                writing.unlock();
                source.limit(end);
            }
            at += length;
        }
    }

    /** Takes the writers' lock with room for changed pages; a flush that makes room happens outside of it. */
    private void lockForWriting(final long offset) throws ViewException {
        writing.lock();
        while (!presence.hasRoom(PAGES_PER_WRITE)) {
            writing.unlock();
            flush();
            writing.lock();
        }
        if (stopped) {
            writing.unlock();
            checkRunning(offset);
        }
        dirtyData = true;
    }

    /** Blocks that the overlay holds are changed there; what it does not hold is the base's from now on. */
    private void writeThrough(final long offset, final ByteBuffer source, final Below below) throws IOException {
        final int limit = source.limit();
        final long end = offset + source.remaining();
        long at = offset;
        while (at < end) {
            final int state = presence.state(at / BLOCK_LENGTH);
            final long runEnd = runEnd(at, end, state);
            source.limit(source.position() + (int) (runEnd - at));
            if (state == Presence.ABSENT) {
                dirtyBase = true;
                base.write(source, at);
            } else {
                noteRewritten(at, runEnd);
                writeHere(at, source, below);
            }
            source.limit(limit);
            at = runEnd;
        }
    }

    private void writeHere(final long offset, final ByteBuffer source, final Below below) throws IOException {
        long at = offset;
        final long end = offset + source.remaining();
        final int limit = source.limit();
        if (at % BLOCK_LENGTH != 0) {
            at = writePart(at, Math.min(end, nextBlock(at)), source, below);
        }
        final long wholeEnd = end == sizeBytes ? end : end / BLOCK_LENGTH * BLOCK_LENGTH;
        if (at < wholeEnd) {
            source.limit(source.position() + (int) (wholeEnd - at));
            data.write(source, at);
            source.limit(limit);
            presence.set(at / BLOCK_LENGTH, (wholeEnd + BLOCK_LENGTH - 1) / BLOCK_LENGTH, Presence.PRESENT);
            at = wholeEnd;
        }
        if (at < end) {
            writePart(at, end, source, below);
        }
    }

    private static long nextBlock(final long offset) {
        return (offset / BLOCK_LENGTH + 1) * BLOCK_LENGTH;
    }

    /** Writes a part of one block; answers where it ends. */
    private long writePart(final long from, final long to, final ByteBuffer source, final Below below)
            throws IOException {
        final long number = from / BLOCK_LENGTH;
        final int limit = source.limit();
        source.limit(source.position() + (int) (to - from));
        final int state = presence.state(number);
        if (state == Presence.PRESENT) {
            data.write(source, from);
        } else {
            final long begin = number * BLOCK_LENGTH;
            block.clear().limit((int) Math.min(BLOCK_LENGTH, sizeBytes - begin));
            if (state == Presence.ZERO) {
                while (block.hasRemaining()) {
                    block.put((byte) 0);
                }
            } else {
                below.read(begin, block);
            }
            final int blockLimit = block.limit();
            block.position((int) (from - begin)).put(source);
            data.write(block.position(0).limit(blockLimit), begin);
            presence.set(number, number + 1, Presence.PRESENT);
        }
        source.limit(limit);
        return to;
    }

    /**
     * Makes a range zeros without taking space for its whole blocks; durable after {@link #flush}.
     *
     * @param zeros a read-only buffer of zeros, at least one block, for the parts of blocks at the ends.
     */
    void zero(final long offset, final long length, final ByteBuffer zeros, final Below below) throws ViewException {
        final long end = offset + length;
        final long wholeBegin = (offset + BLOCK_LENGTH - 1) / BLOCK_LENGTH * BLOCK_LENGTH;
        final long wholeEnd = end == sizeBytes ? end : end / BLOCK_LENGTH * BLOCK_LENGTH;
        if (wholeBegin >= wholeEnd) {
            zeroPart(offset, length, zeros, below);
            return;
        }
        zeroPart(offset, wholeBegin - offset, zeros, below);
        final long pageLength = (long) PresencePage.BLOCKS * BLOCK_LENGTH;
        for (long at = wholeBegin; at < wholeEnd; ) {
            final long to = Math.min(wholeEnd, (at / pageLength + 1) * pageLength);
            zeroWhole(at, to);
            at = to;
        }
        zeroPart(wholeEnd, end - wholeEnd, zeros, below);
    }

    private void zeroPart(final long offset, final long length, final ByteBuffer zeros, final Below below)
            throws ViewException {
        for (long done = 0; done < length; done += BLOCK_LENGTH) {
            final ByteBuffer part = zeros.duplicate();
            part.clear().limit((int) Math.min(length - done, BLOCK_LENGTH));
            write(offset + done, part, below);
        }
    }

    /** Zeroes whole blocks of one page of bits. */
    private void zeroWhole(final long from, final long to) throws ViewException {
        lockForWriting(from);
        try {
            long at = from;
            while (at < to) {
                final int state = presence.state(at / BLOCK_LENGTH);
                final long end = runEnd(at, to, state);
                if (state == Presence.ABSENT && base != null) {
                    dirtyBase = true;
                    base.zero(at, end - at);
                    at = end;
                    continue;
                }
                noteRewritten(at, end);
                presence.set(at / BLOCK_LENGTH, (end + BLOCK_LENGTH - 1) / BLOCK_LENGTH, Presence.ZERO);
                if (state == Presence.PRESENT) {
                    data.zero(at, end - at);
                }
                at = end;
            }
        } catch (final IOException e) {
            throw ViewException.ofDisk(from, "cannot give back space of the overlay", e);
        } finally {
            writing.unlock();
        }
    }

    /**
     * Returns when everything that was written and answered before is on the disk.
     *
     * @throws ViewException DISK_FULL when there is no room for bits: nothing is lost, flush again when there is;
     *     OVERLAY_STOPPED after a failed sync.
     */
    public void flush() throws ViewException {
        flushing.lock();
        try {
            checkRunning(0);
            final boolean changed;
            final boolean baseChanged;
            final int pages;
            writing.lock();
            try {
                changed = dirtyData;
                dirtyData = false;
                baseChanged = dirtyBase;
                dirtyBase = false;
                pages = presence.freeze();
            } finally {
                writing.unlock();
            }
            if (baseChanged) {
                sync(base);
            }
            flushFrozen(pages, changed);
        } finally {
            flushing.unlock();
        }
    }

    private void flushFrozen(final int pages, final boolean syncData) throws ViewException {
        boolean durable = false;
        try {
            if (syncData) {
                sync(data);
            }
            if (pages > 0) {
                if (inherited) {
                    // Copies that an earlier process left in the page cache alone must not be the ones relied upon.
                    syncPresence();
                    inherited = false;
                }
                writeBits();
                syncPresence();
            }
            durable = true;
        } finally {
            presence.thaw(durable);
        }
    }

    private void writeBits() throws ViewException {
        try {
            presence.writeFrozen();
        } catch (final IOException e) {
            throw ViewException.ofDisk(0, "cannot write which blocks the overlay holds", e);
        }
    }

    private void syncPresence() throws ViewException {
        try {
            presence.sync();
        } catch (final IOException e) {
            throw stop(data, e);
        }
    }

    private void sync(final BlockFile file) throws ViewException {
        try {
            file.sync();
        } catch (final IOException e) {
            throw stop(file, e);
        }
    }

    ViewException stop(final BlockFile file, final IOException cause) {
        stopped = true;
        return new ViewException(
                ViewException.Cause.OVERLAY_STOPPED,
                0,
                ViewException.NO_POSITION,
                "sync of " + file.name() + " failed, the overlay is not used any more: " + cause.getMessage());
    }

    /**
     * From now on blocks that the overlay does not hold are written to the base, and a flush syncs it, too. The base must be
     * what lies below, whole: no version is looked at any more.
     */
    void writeThroughTo(final BlockFile newBase) {
        writing.lock();
        try {
            base = newBase;
        } finally {
            writing.unlock();
        }
    }

    /** First offset from {@code from} on where the overlay holds a block; the volume's size when there is none. */
    long nextHeld(final long from) throws ViewException {
        long at = from;
        while (at < sizeBytes && state(at) == Presence.ABSENT) {
            at = runEnd(at, sizeBytes, Presence.ABSENT);
        }
        return at;
    }

    /** Writers wait until {@link #releaseWriters}; nested with the caller's own calls. */
    void holdWriters() {
        writing.lock();
    }

    void releaseWriters() {
        writing.unlock();
    }

    /** From now on it is noted which blocks of the range, which begins and ends with blocks, are written. */
    void beginCopy(final long from, final long to) {
        writing.lock();
        try {
            copiedFrom = from;
            copiedTo = to;
            rewritten.clear();
        } finally {
            writing.unlock();
        }
    }

    private void noteRewritten(final long from, final long to) {
        final long begin = Math.max(from, copiedFrom);
        final long end = Math.min(to, copiedTo);
        if (begin < end) {
            rewritten.set((int) ((begin - copiedFrom) / BLOCK_LENGTH), (int)
                    ((end - copiedFrom + BLOCK_LENGTH - 1) / BLOCK_LENGTH));
        }
    }

    /**
     * The blocks of the range are in the base, synced: lets go of those that were not written since {@link #beginCopy}.
     * Durable after {@link #flush}; until then a stop finds them here as well, with the same bytes.
     */
    void endCopy() throws ViewException {
        lockForWriting(copiedFrom);
        try {
            final int end = (int) ((copiedTo - copiedFrom + BLOCK_LENGTH - 1) / BLOCK_LENGTH);
            final long first = copiedFrom / BLOCK_LENGTH;
            for (int from = rewritten.nextClearBit(0); from < end; ) {
                final int written = rewritten.nextSetBit(from);
                final int to = written < 0 ? end : Math.min(written, end);
                if (nextHeld((first + from) * BLOCK_LENGTH) < (first + to) * BLOCK_LENGTH) {
                    presence.set(first + from, first + to, Presence.ABSENT);
                }
                from = rewritten.nextClearBit(to);
            }
            copiedTo = copiedFrom;
        } catch (final IOException e) {
            throw ViewException.ofDisk(copiedFrom, "cannot let go of blocks of the overlay", e);
        } finally {
            writing.unlock();
        }
    }

    private void checkRunning(final long offset) throws ViewException {
        if (stopped) {
            throw new ViewException(
                    ViewException.Cause.OVERLAY_STOPPED,
                    offset,
                    ViewException.NO_POSITION,
                    "a sync of overlay " + data.name() + " has failed before");
        }
    }

    /** Closes the files; what was not flushed may be lost. */
    @Override
    public void close() {
        try {
            presence.close();
        } finally {
            data.close();
        }
    }
}
