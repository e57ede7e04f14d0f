package org.farshore.dataplane.journal;

import java.io.IOException;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Opens a journal after any kind of stop and says what is in it.
 *
 * <h2>What can be on the disk</h2>
 *
 * <p>The commit thread writes one group, syncs it, and only then writes the next. A group begins on a block with a frame
 * flagged FIRST, its frames follow each other without a gap, and it ends on a block with a PAD. Every frame names its place
 * (segment number, offset), the life that wrote it, and the end of the group before it, which was synced before this frame
 * was written: the <i>durable position</i>. So at any moment a disk holds whole groups, and behind them <b>at most one</b>
 * group that was not acknowledged: all of it, nothing, or any of its sectors in any mixture with what was there before.
 *
 * <h2>The walk</h2>
 *
 * <p>From the horizon's segment on, group by group. At position p:
 *
 * <ol>
 *   <li>A whole group that names p (or, at the begin of a segment, the end of the segment before): kept.
 *   <li>The first frame of the next segment names p, and no frame behind p in this one names a position above p: the segment
 *       ends here, go on there. If the group there is not whole, the journal ends at p all the same, but the writer goes on
 *       there: that first frame says that nothing follows p here, and nothing may make it a liar.
 *   <li>Some valid frame behind p names a durable position above p, or the state record does: what was at p was
 *       acknowledged and is gone. <b>Rot.</b> Nothing is cut. The range up to the group of that frame is reported as damaged,
 *       the walk goes on behind it. The whole group counts as damaged, whichever of its bytes it is.
 *   <li>Nothing says that p was ever durable: <b>a torn tail</b>, or simply the end. The journal ends at p.
 * </ol>
 *
 * <p>The search for proof looks at every 32nd byte of all that follows, not only at the next block: a group whose first
 * frame is gone still proves the one before it.
 *
 * <h2>Why left-over bytes are never taken later</h2>
 *
 * <p>After a cut at p the writer goes on at p, in the same segment and under the same segment number; behind the new groups
 * lie sectors of the group G that was cut, perhaps with frames that are valid in every respect. They are neither zeroed nor
 * fenced off by a new segment, because they cannot be mistaken:
 *
 * <ul>
 *   <li><i>As a group of their own.</i> Only a frame flagged FIRST begins a group. G's one such frame stood at p. The next
 *       group begins at p and overwrites it. If it does not, because it was too long for the rest of the segment, then the
 *       first group of the next segment names p as the end: G was not whole, so rule 1 does not take it, and rule 2 does not
 *       look at it.
 *   <li><i>As the rest of a newer group.</i> Suppose H is written at p after G was cut, and torn in its turn, so that its
 *       first sectors are followed by sectors of G, exactly at a frame's end. G's frames name another life than H's, and a
 *       group has one life. Two lives have the same number with probability 2<sup>-64</sup>. Within one life no place is
 *       written twice: after a failed write or sync the stream is poisoned.
 *   <li><i>As proof of durability.</i> G's frames name p. Proof is wanted only for positions at or behind p from now on,
 *       and p is not above them. For positions before p they speak the truth.
 *   <li><i>From an older use of the file.</i> Those frames name another segment number.
 * </ul>
 *
 * <p>A cut needs nothing written, so that a stop during recovery finds what it found before. The same holds for rot: the end
 * lies behind every position that was proven durable, so a place that was acknowledged once is never written again before
 * the horizon has passed it, and damage is reported at every start until then.
 *
 * <h2>Awkward cases</h2>
 *
 * <ul>
 *   <li><i>Rot in the newest acknowledged group</i>, when nothing was written behind: it looks like a torn tail and no rule
 *       can tell (only a second sync before each acknowledgement could). Made rare: 100 ms after the last group the writer
 *       appends a group of one PAD, whose durable position names it; the state record names it at each checkpoint. What is
 *       left is not silent: {@link RecoveredJournal#tornLength()} is not 0, and Welcome names an END that the sender has
 *       released already, which turns its volumes to CONVERGING.
 *   <li><i>A sync that failed before the stop.</i> The page cache may show a group that the disk lacks; recovery reads past
 *       it. A kept group may still be in the disk's own cache: the segment that holds the end is synced before anything is
 *       called durable. That file had no failed sync in this process, and what is synced was just seen on the disk.
 *   <li><i>An acknowledged write that never reached the disk</i> leaves older bytes: no whole group, a case of rot; and if
 *       whole groups were to follow each other with a hole in their sequences, that is reported as damage too.
 *   <li><i>A misdirected write</i> puts frames where they do not belong: their place is in their checksum, so they are
 *       refused there, and the place where they belong is rot or torn.
 *   <li><i>A block that the disk cannot read</i> counts as zeros.
 *   <li><i>A segment header is damaged.</i> The frames say which segment it is; the header is written again.
 *   <li><i>A segment file is missing, or a whole segment is unreadable.</i> Rot up to the next segment that is there.
 *   <li><i>A stop while a segment was prepared.</i> New files bear another name until they are complete. A reused file has
 *       either its old number, below the horizon, or its new one and no group: both are free.
 *   <li><i>Only one of the two state records is valid.</i> The older one may name a lower horizon than the segments bear out:
 *       reported as damage from there. Its frames were in the replica; the copy is compared again, safe and slow.
 * </ul>
 *
 * <p>Left undone: nothing is repaired here; the caller withdraws points and fetches damaged content again.
 */
public final class JournalRecovery {
    private JournalRecovery() {}

    /**
     * Recovers and opens the journal of a stream. Blocks for reading from the horizon on; prewrites nothing, the commit
     * thread does.
     *
     * @param context concluded.
     * @param state of the stream; {@link StreamState#initial} for a new one.
     * @param handler is given every kept frame at or behind the applied position, in order; what it answers is ignored.
     * @throws FarshoreException STORAGE when a disk fails; CONFIGURATION when the journal was made with another segment length
     *     or for another machine; INVARIANT when two files claim one segment.
     */
    public static Journal open(
            final JournalContext context, final StreamState state, final JournalFrameHandler handler) {
        return open(context, state, state, handler);
    }

    /**
     * The same, walking from a later place on: what lies before it was walked in an earlier life, and damage there is found
     * when it is read.
     *
     * @param from what was known at that place, as a state record as of there; its durable position is no lower than that of
     *     the state.
     */
    public static Journal open(
            final JournalContext context,
            final StreamState state,
            final StreamState from,
            final JournalFrameHandler handler) {
        try {
            checkSettings(context, state);
            context.files().createDirectories(context.directory());
            forgetEarlierLife(context);
            final SegmentTable table =
                    new SegmentTable(context.files(), context.directory()).load(BlockFiles.Mode.READ_DIRECT);
            checkTable(context, table);
            final RecoveredJournal recovered;
            try (JournalScan scan = new JournalScan(
                    context.files(), BlockFiles.Mode.READ_DIRECT, table, from, from::horizon, handler)) {
                recovered = scan.run();
            }
            repairHeaders(context, table);
            syncEnd(context, table, recovered.endPosition());
            context.files().syncDirectory(context.directory());
            return new Journal(
                    context, recovered, new SegmentRing(context, table, recovered.writeSegment(), state.horizon()));
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE, "cannot recover journal " + context.directory() + ": " + e.getMessage(), e);
        }
    }

    private static void checkSettings(final JournalContext context, final StreamState state) {
        if (state.segmentLength() != context.segmentLength()) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    JournalContext.SEGMENT_LENGTH_PROP_NAME + "=" + context.segmentLength() + ", but "
                            + context.directory() + " was made with " + state.segmentLength() + ": set that");
        }
    }

    /**
     * Writes out what a process that was killed left in the page cache, then forgets that cache: pages that a failed sync gave
     * up look clean, and bytes written over them again might never reach the disk.
     */
    private static void forgetEarlierLife(final JournalContext context) throws IOException {
        for (final String name : context.files().list(context.directory())) {
            if (SegmentTable.slotOf(name) >= 0) {
                try (BlockFile file = context.files().open(context.directory().resolve(name), BlockFiles.Mode.WRITE)) {
                    file.sync();
                    file.forgetCached();
                }
            }
        }
    }

    private static void checkTable(final JournalContext context, final SegmentTable table) {
        for (final SegmentTable.Entry entry : table.entries()) {
            if (entry.headerValid && table.find(entry.segmentNumber) != entry) {
                throw new FarshoreException(
                        ExitCode.INVARIANT,
                        "journal segment " + entry.segmentNumber + " is in two files: " + entry.path + " and "
                                + table.find(entry.segmentNumber).path);
            }
        }
        final boolean foreign = table.machineIdHigh() != context.machineIdHigh()
                || table.machineIdLow() != context.machineIdLow()
                || table.segmentLength() != context.segmentLength();
        if (table.segmentLength() != 0 && foreign) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "journal " + context.directory() + " belongs to another machine or has another segment length");
        }
    }

    /** A header that was damaged is written again, so that readers find the segment. */
    private static void repairHeaders(final JournalContext context, final SegmentTable table) throws IOException {
        for (final SegmentTable.Entry entry : table.entries()) {
            if (!entry.headerValid && entry.segmentNumber > SegmentTable.UNKNOWN) {
                try (BlockFile file = context.files().open(entry.path, BlockFiles.Mode.WRITE)) {
                    new SegmentHeader()
                            .write(
                                    file,
                                    entry.segmentNumber,
                                    context.segmentLength(),
                                    context.machineIdHigh(),
                                    context.machineIdLow(),
                                    context.clocks().epochNanos());
                    file.sync();
                }
            }
        }
    }

    /**
     * Everything below the last group was synced before that group was written; the last one may not have been. Nor may the
     * names of the files: a role that ended because that sync failed has left them so.
     */
    private static void syncEnd(final JournalContext context, final SegmentTable table, final long endPosition)
            throws IOException {
        final SegmentTable.Entry entry = table.find(new Positions(context.segmentLength()).segmentOf(endPosition));
        if (entry != null) {
            try (BlockFile file = context.files().open(entry.path, BlockFiles.Mode.WRITE)) {
                file.sync();
            }
        }
    }
}
