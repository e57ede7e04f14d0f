package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.runtime.Zeros;

/**
 * The segment files of one stream. File names are slots and stay; the segment number in the header tells what a slot holds
 * now. A number is never given twice. One segment is prepared ahead of the one being written: an old one below the horizon
 * gets a new header, or, up to the limit, a new file is written full of zeros first. Files are written once in full when
 * they are made, because overwriting written blocks costs a half to a third of writing into merely allocated ones, and
 * because a disk can then not become full in the middle of a segment.
 *
 * <p>A file is made only where room for one more remains besides, so that the state record and the replicas on the same
 * disk do not meet the end of it first, and so that people hear of it while everything still works. Without room the
 * segments that exist are used again as they become free, the writer waits for that, and room is looked for again and again.
 *
 * <p>Commit thread, except {@link #preparedSegment}, {@link #isFull} and {@link #recycleBelow}.
 */
final class SegmentRing {
    static final String NAME_PREFIX = "segment-";
    /** A file that is still being written full of zeros; worthless after a stop. */
    static final String UNFINISHED_SUFFIX = ".new";

    /** Zeros written and synced in one duty cycle: a new file takes many syncs otherwise, and a group must not wait long. */
    private static final int SLICE_LENGTH = 4 << 20;
    /** After a file could not be made, wait this long before the next attempt. */
    private static final long GROWTH_RETRY_NS = 5_000_000_000L;

    private static final long HELD_FOR_ROOM = 1;

    private static final StateLog LOG = StateLog.of(SegmentRing.class);

    private final JournalContext context;
    private final BlockFiles files;
    private final Positions positions;
    private final SegmentHeader header = new SegmentHeader();
    private final SegmentMap map;
    private int growingSlot;
    private long writtenSegment;
    private BlockFile writtenFile;
    private BlockFile growing;
    private int grownLength;
    private long growthRetryAtNs;
    private boolean growthFailed;
    private volatile long prepared;
    private volatile long horizonSegment;
    private volatile boolean full;

    /**
     * @param table what the directory holds.
     * @param writeSegment segment in which the writer goes on; segments behind it are free.
     * @param horizon segments that end at or below are free.
     */
    SegmentRing(final JournalContext context, final SegmentTable table, final long writeSegment, final long horizon) {
        this.context = context;
        this.files = context.files();
        this.positions = new Positions(context.segmentLength());
        this.map = new SegmentMap(table, context.segmentsMax());
        this.writtenSegment = writeSegment;
        this.horizonSegment = positions.segmentOf(horizon + 1);
        this.prepared = map.slotOf(writtenSegment) < 0 ? writtenSegment - 1 : writtenSegment;
        countSegments();
    }

    /** Any thread: which file holds which segment. */
    SegmentMap map() {
        return map;
    }

    /** Any thread: newest segment that can be written. */
    long preparedSegment() {
        return prepared;
    }

    /** Any thread: no segment behind the one being written can be had before the horizon rises, or the disk has room. */
    boolean isFull() {
        return full;
    }

    /** Any thread: lets go of the segments that end at or below {@code horizon}; never goes back. */
    void recycleBelow(final long horizon) {
        final long segment = positions.segmentOf(horizon + 1);
        if (segment > horizonSegment) {
            horizonSegment = segment;
        }
    }

    void write(final long segment, final ByteBuffer source, final int offset) throws IOException {
        if (segment != writtenSegment || writtenFile == null) {
            openForWriting(segment);
        }
        writtenFile.write(source, offset);
    }

    void sync(final long segment) throws IOException {
        if (segment != writtenSegment) {
            throw new IOException("segment " + segment + " is not the one being written, " + writtenSegment);
        }
        writtenFile.sync();
    }

    private void openForWriting(final long segment) throws IOException {
        final int slot = map.slotOf(segment);
        if (slot < 0) {
            throw new IOException("segment " + segment + " was not prepared in " + context.directory());
        }
        closeFile(writtenFile);
        writtenFile = null;
        writtenFile = files.open(map.path(slot), BlockFiles.Mode.WRITE);
        writtenSegment = segment;
    }

    /**
     * One bounded step towards having the next segment ready; returns 1 when there was something to do.
     *
     * @throws FarshoreException STORAGE when a file of the ring cannot be given its new header.
     */
    int prepare(final long nowNs) {
        if (prepared > writtenSegment) {
            return 0;
        }
        if (growing != null) {
            growSlice(nowNs);
            return 1;
        }
        final int slot = freeSlot(prepared + 1);
        if (slot >= 0) {
            reuse(slot);
            return 1;
        }
        growingSlot = map.slotOf(SegmentTable.ABSENT);
        if (growingSlot < 0 || (growthFailed && nowNs - growthRetryAtNs < 0)) {
            full = true;
            return 0;
        }
        beginGrowth(nowNs);
        return 1;
    }

    /** The slot that bears this number already from an earlier life, else the oldest that nothing needs, else -1. */
    private int freeSlot(final long segment) {
        int best = map.slotOf(segment);
        if (best >= 0) {
            return best;
        }
        for (int slot = 0; slot < map.slots(); slot++) {
            if (isFree(slot, segment) && (best < 0 || map.segmentOf(slot) < map.segmentOf(best))) {
                best = slot;
            }
        }
        return best;
    }

    private boolean isFree(final int slot, final long segment) {
        final long held = map.segmentOf(slot);
        return held != SegmentTable.ABSENT && (held < horizonSegment || held > segment);
    }

    private void reuse(final int slot) {
        final Path path = map.path(slot);
        final boolean isOlder = map.segmentOf(slot) < horizonSegment;
        map.put(slot, SegmentTable.UNKNOWN);
        try (BlockFile file = files.open(path, BlockFiles.Mode.WRITE)) {
            putHeader(file, prepared + 1);
            file.sync();
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE, "cannot prepare journal segment " + path + ": " + e.getMessage(), e);
        }
        context.reusedCounter().getAndAddRelease(isOlder ? 1 : 0);
        taken(slot);
    }

    private void putHeader(final BlockFile file, final long segment) throws IOException {
        header.write(
                file,
                segment,
                context.segmentLength(),
                context.machineIdHigh(),
                context.machineIdLow(),
                context.clocks().epochNanos());
    }

    private void taken(final int slot) {
        final long segment = prepared + 1;
        map.put(slot, segment);
        prepared = segment;
        full = false;
    }

    private void beginGrowth(final long nowNs) {
        try {
            final long usable = files.usableBytes(context.directory());
            if (usable < 2L * context.segmentLength()) {
                throw new IOException("only " + usable + " bytes are free; a segment takes " + context.segmentLength()
                        + " and as much stays in reserve");
            }
            final Path unfinished = unfinished(growingSlot);
            files.delete(unfinished);
            growing = files.open(unfinished, BlockFiles.Mode.WRITE);
            grownLength = 0;
        } catch (final IOException e) {
            abandonGrowth(nowNs, e);
        }
    }

    /** Writes and syncs one slice, so that no sync ever finds a whole segment of dirty pages before it. */
    private void growSlice(final long nowNs) {
        try {
            final int end = Math.min(grownLength + SLICE_LENGTH, context.segmentLength());
            while (grownLength < end) {
                final ByteBuffer zeros = Zeros.of(end - grownLength);
                final int length = zeros.remaining();
                growing.write(zeros, grownLength);
                grownLength += length;
            }
            if (grownLength == context.segmentLength()) {
                putHeader(growing, prepared + 1);
            }
            growing.sync();
            if (grownLength == context.segmentLength()) {
                finishGrowth();
            }
        } catch (final IOException e) {
            abandonGrowth(nowNs, e);
        }
    }

    private void finishGrowth() throws IOException {
        closeFile(growing);
        growing = null;
        files.rename(unfinished(growingSlot), map.path(growingSlot));
        syncDirectory();
        if (growthFailed) {
            growthFailed = false;
            context.heldCounter().setRelease(0);
            LOG.info("journal", context.directory(), "event", "room-again", "segment", SegmentMap.nameOf(growingSlot));
        }
        taken(growingSlot);
        countSegments();
    }

    /** The file has its name, so it must not be taken for one that was not made: nothing may go on without this sync. */
    private void syncDirectory() {
        try {
            files.syncDirectory(context.directory());
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "cannot sync journal directory " + context.directory() + ": " + e.getMessage(),
                    e);
        }
    }

    /** A full disk is no failed disk: what exists goes on, and the writer is held back until segments become free. */
    private void abandonGrowth(final long nowNs, final IOException cause) {
        closeFile(growing);
        growing = null;
        if (!growthFailed) {
            LOG.warn(
                    "journal", context.directory(),
                    "segment", SegmentMap.nameOf(growingSlot),
                    "event", "not-made",
                    "reason", cause.getMessage(),
                    "advice",
                            "make room on this disk; until then the segments there are used again, the sender is held"
                                    + " back when they are full, and nothing is lost");
        }
        growthFailed = true;
        context.heldCounter().setRelease(HELD_FOR_ROOM);
        growthRetryAtNs = nowNs + GROWTH_RETRY_NS;
        try {
            files.delete(unfinished(growingSlot));
        } catch (final IOException e) {
            cause.addSuppressed(e);
        }
    }

    private void countSegments() {
        int count = 0;
        for (int slot = 0; slot < map.slots(); slot++) {
            count += map.segmentOf(slot) == SegmentTable.ABSENT ? 0 : 1;
        }
        context.segmentsCounter().setRelease(count);
    }

    private Path unfinished(final int slot) {
        return context.directory().resolve(SegmentMap.nameOf(slot) + UNFINISHED_SUFFIX);
    }

    private static void closeFile(final BlockFile file) {
        if (file != null) {
            file.close();
        }
    }

    void close() {
        closeFile(writtenFile);
        closeFile(growing);
        writtenFile = null;
        growing = null;
    }
}
