package org.farshore.agent.stream;

import org.farshore.agent.capture.VolumeBits;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * The rule by which blocks read from a live device join the ordered stream of one volume, without ever putting older bytes
 * over newer ones. Pure: it is told what was taken from the ring and what was read, and keeps bits; it reads nothing.
 *
 * <h2>The rule</h2>
 * <pre>
 *   submission taken   the write is in the stream; its sectors count as in flight; they become holes of every open read
 *   completion taken   sectors that were in flight no longer are. A sector that was not: its submission was never seen,
 *                      the device holds bytes that the stream does not -> todo. A failed write is in the stream and perhaps
 *                      not on the device -> todo. The last of several overlapping writes of a sector -> todo.
 *   read begins        holes := all sectors of the range that are in flight; todo -> sent (pinned)
 *   read ends          the range without its holes is appended to the stream; mark := max(mark, producer position now)
 *                      a block that the device did not give -> todo
 *   gap                (the ring lost records; their bits were harvested into todo) take the ring up to the producer
 *                      position seen after the harvest, then forget what is in flight; no read begins before
 *   restart            as a gap with nothing lost: open reads are forgotten, their blocks are in sent and go to todo
 *   converged          nothing in todo, no read open, no gap pending, and the ring taken up to mark
 * </pre>
 *
 * <h2>Why it holds</h2>
 * For a sector read between r0 and r1 that enters the stream at p, any write to it is one of four: (1) its record lies
 * before p and its completion was taken before r0: the device held it when it was read; (2) its record lies before p and
 * its completion was not taken before r0: the sector is a hole and the record itself brings the bytes; (3) its record lies
 * behind p: the stream applies it later; (4) it has no record: its completion marks the sector once the device has it, and a
 * later read brings it. Until then the gap epoch has moved, or the write is in flight, and no point depends on it. A
 * chunk may hold bytes whose records come behind it, so the volume is a state of the past only when the ring has been taken
 * up to the mark.
 *
 * <p>Holes are sectors, not blocks: the other sectors of a block come with no record, and a hammered sector would starve its
 * block. In-flight counts do not survive a gap: a lost record may have been a completion, or the newer of two submissions.
 *
 * <h2>Bits</h2>
 * {@code sent} covers a block from the moment its read begins until its chunk is durable: a kill at any instant finds it in
 * {@code todo} or {@code sent}. Marks that come during the read stay in {@code todo}, they ask for another read.
 *
 * <p>One thread. Positions are byte positions in the capture ring. The methods without access modifier are the decisions
 * of the rule; the model test replaces each by a wrong one and must notice.
 */
public class ReadBack {
    /** No gap is pending. */
    static final long NONE = -1L;
    /** A restart is needed and its position is not known yet. */
    static final long UNKNOWN = Long.MAX_VALUE;

    private static final int BLOCK_SHIFT = 12;
    private static final int SECTOR_SHIFT = 9;

    private final int volume;
    private final InFlight inFlight;
    private final OpenRead[] reads;
    private VolumeBits todo;
    private VolumeBits sent;
    private long sizeBytes;

    private VolumePhase phase = VolumePhase.WAITING;
    private long drainPosition = NONE;
    private long markPosition;
    private boolean overlapMarked;
    private long failedCount;
    private long unmatchedCount;

    /**
     * The rule for one volume.
     *
     * @param reads every read that may be open at once; the caller's objects.
     */
    public ReadBack(
            final int volume,
            final long sizeBytes,
            final InFlight inFlight,
            final VolumeBits todo,
            final VolumeBits sent,
            final OpenRead... reads) {
        this.volume = volume;
        this.sizeBytes = sizeBytes;
        this.inFlight = inFlight;
        this.todo = todo;
        this.sent = sent;
        this.reads = reads.clone();
    }

    /** The write was appended to the stream. Offsets and lengths are multiples of 512. */
    public final void onSubmit(final long offset, final long length, final long timeNs) {
        touch(offset, length);
        final long end = Math.min(offset + length, sizeBytes);
        for (long block = offset >> BLOCK_SHIFT; block << BLOCK_SHIFT < end; block++) {
            if (!inFlight.submit(volume, block, sectors(block, offset, end), timeNs)) {
                todo.setRange(block, 1);
                drainPosition = UNKNOWN;
            }
        }
    }

    /** A write, or a part of one, completed; {@code error} is zero when the device took it. */
    public final void onComplete(final long offset, final long length, final int error) {
        final long end = Math.min(offset + length, sizeBytes);
        for (long block = offset >> BLOCK_SHIFT; block << BLOCK_SHIFT < end; block++) {
            final int result = inFlight.complete(volume, block, sectors(block, offset, end));
            if ((result & 0xFF) != 0) {
                unmatched(block);
            }
            if (result >>> 8 != 0) {
                todo.setRange(block, 1);
                overlapMarked = true;
            }
            if (error != 0) {
                todo.setRange(block, 1);
                leaveOrdered(VolumePhase.REPAIR);
            }
        }
        if (error != 0) {
            failedCount++;
        }
    }

    /** A discard or write-zeroes that had completed was appended to the stream: a record, never in flight. */
    public final void onZeroed(final long offset, final long length) {
        touch(offset, length);
    }

    /**
     * The ring lost records; the caller has harvested the lost bits and then read the producer position.
     */
    public void gap(final long producerPosition) {
        leaveOrdered(VolumePhase.RESYNC);
        if (phase == VolumePhase.REPAIR) {
            phase = VolumePhase.RESYNC;
        }
        drainPosition = producerPosition;
    }

    /** The in-flight table must be forgotten though no record was lost: at the agent's start, and when it has aged or is full. */
    public final void restart(final long producerPosition) {
        drainPosition = producerPosition;
    }

    /** True when {@link #restart} must be called before anything can be read: a write could not be counted. */
    public final boolean needsRestart() {
        return drainPosition == UNKNOWN;
    }

    /** The ring was taken, and its records appended, up to {@code position}. */
    public final void takenTo(final long position) {
        if (drainPosition != NONE && position >= drainPosition) {
            drainPosition = NONE;
            forgetInFlight();
        }
    }

    /** True when a read may begin: no gap is pending. */
    public boolean mayRead() {
        return drainPosition == NONE;
    }

    /** A read of blocks in {@code todo} is issued now, before the device is asked. The range is aligned to blocks. */
    public final void beginRead(final OpenRead read, final long offset, final long length) {
        if (!mayRead()) {
            throw new IllegalStateException("a read must not begin before the ring is taken to " + drainPosition);
        }
        read.begin(offset, Math.min(length, sizeBytes - offset));
        seedHoles(read);
        final long block = offset >> BLOCK_SHIFT;
        final long count = blockCount(read);
        sent.setRange(block, count);
        todo.clearRange(block, count);
    }

    /** What was read is in the stream, without its holes; the producer position was read after that. */
    public final void endRead(final OpenRead read, final long producerPosition) {
        read.end();
        markPosition = Math.max(markPosition, markAt(producerPosition));
    }

    /** The device did not give this block of a read that ends now: what the receiver has there is old. */
    public final void unreadable(final long block) {
        todo.setRange(block, 1);
    }

    /** What was read is given up: its blocks are to be read again. */
    public final void abortRead(final OpenRead read) {
        if (read.isOpen()) {
            todo.setRange(read.offset() >> BLOCK_SHIFT, blockCount(read));
            read.end();
        }
    }

    /** A compare of the range begins; its units with holes count as different. */
    public final void beginCompare(final OpenRead read, final long offset, final long length) {
        if (!mayRead()) {
            throw new IllegalStateException("a compare must not begin before the ring is taken to " + drainPosition);
        }
        read.begin(offset, Math.min(length, sizeBytes - offset));
        seedHoles(read);
    }

    /** The hashes of the range are in the stream. Units with holes go to {@code todo}. */
    public final void endCompare(final OpenRead read, final long producerPosition) {
        for (int unit = 0; unit < read.unitCount(); unit++) {
            if (read.isHole(unit)) {
                markPiece(read.offset() / StreamLimits.PIECE_LENGTH + unit);
            }
        }
        read.end();
        markPosition = Math.max(markPosition, markAt(producerPosition));
    }

    /** A compare of the range is given up. */
    public final void abortCompare(final OpenRead read) {
        read.end();
    }

    /** The blocks of one piece of a compare are different: read them. */
    public final void markPiece(final long piece) {
        final long blocksPerPiece = StreamLimits.PIECE_LENGTH >> BLOCK_SHIFT;
        final long first = piece * blocksPerPiece;
        todo.setRange(first, Math.min(blocksPerPiece, todo.blockCount() - first));
    }

    /** True when the volume has become a state the device could have had: nothing to read, and the ring past the mark. */
    public final boolean isConverged(final long takenPosition) {
        if (todo.cardinality() != 0 || drainPosition != NONE || takenPosition < markPosition) {
            return false;
        }
        for (final OpenRead read : reads) {
            if (read.isOpen()) {
                return false;
            }
        }
        return true;
    }

    /** Blocks sent and not durable are to be read again: the connection that carried them is gone. */
    public final void sentIsVoid() {
        long block = sent.nextSet(0);
        while (block >= 0) {
            todo.setRange(block, 1);
            sent.clearRange(block, 1);
            block = sent.nextSet(block + 1);
        }
    }

    /** Marks every block of the volume to be read. */
    public final void markAll() {
        todo.setRange(0, todo.blockCount());
        sent.clearRange(0, sent.blockCount());
    }

    /**
     * Marks blocks with a write that was submitted before {@code timeNs} and never completed.
     *
     * @return how many.
     */
    public final int markAged(final long timeNs) {
        int count = 0;
        for (int slot = 0; slot < inFlight.slotCount(); slot++) {
            if (inFlight.isOlder(slot, volume, timeNs)) {
                todo.setRange(inFlight.blockAt(slot), 1);
                count++;
            }
        }
        if (count > 0) {
            leaveOrdered(VolumePhase.REPAIR);
            drainPosition = UNKNOWN;
        }
        return count;
    }

    /** Takes back a {@code CONVERGED} that did not become durable: the ring must be past this position again. */
    public final void unconverge(final VolumePhase pinned, final long position) {
        phase = pinned;
        markPosition = Math.max(markPosition, position);
    }

    /** The volume has grown. The bits may be others now. */
    public final void grow(final long newSizeBytes, final VolumeBits newTodo, final VolumeBits newSent) {
        sizeBytes = newSizeBytes;
        todo = newTodo;
        sent = newSent;
    }

    public final VolumePhase phase() {
        return phase;
    }

    public final void phase(final VolumePhase newPhase) {
        phase = newPhase;
    }

    /** True once after sectors of overlapping writes were marked. */
    public final boolean pollOverlapMarked() {
        final boolean marked = overlapMarked;
        overlapMarked = false;
        return marked;
    }

    /** Completions with an error, so far. */
    public final long failedCount() {
        return failedCount;
    }

    /** Blocks marked because of a completion without a submission, so far. */
    public final long unmatchedCount() {
        return unmatchedCount;
    }

    public final VolumeBits todo() {
        return todo;
    }

    public final VolumeBits sent() {
        return sent;
    }

    public final long sizeBytes() {
        return sizeBytes;
    }

    /** True when an open read shares a block with the range. */
    public final boolean isReading(final long firstBlock, final long blockCount) {
        for (final OpenRead read : reads) {
            if (read.touches(firstBlock << BLOCK_SHIFT, blockCount << BLOCK_SHIFT)) {
                return true;
            }
        }
        return false;
    }

    long drainPosition() {
        return drainPosition;
    }

    long markPosition() {
        return markPosition;
    }

    /** Takes over the state of another one; bits, in-flight table and reads are copied by the caller. */
    void copyFrom(final ReadBack other) {
        phase = other.phase;
        drainPosition = other.drainPosition;
        markPosition = other.markPosition;
        overlapMarked = other.overlapMarked;
    }

    // decisions

    /** Sectors in flight when the read is issued are holes. */
    void seedHoles(final OpenRead read) {
        if (inFlight.size() == 0) {
            return;
        }
        final long first = read.offset() >> BLOCK_SHIFT;
        final long count = blockCount(read);
        for (long block = first; block < first + count; block++) {
            final int busy = inFlight.busy(volume, block);
            for (int sector = 0; busy >>> sector != 0; sector++) {
                if ((busy >>> sector & 1) != 0) {
                    read.addHole((block << BLOCK_SHIFT) + ((long) sector << SECTOR_SHIFT), StreamLimits.SECTOR_LENGTH);
                }
            }
        }
    }

    /** Sectors written while a read is open are holes of it. */
    void touch(final long offset, final long length) {
        for (final OpenRead read : reads) {
            if (read.isOpen()) {
                read.addHole(offset, length);
            }
        }
    }

    /** A completion whose submission was never seen: the device holds bytes that the stream lacks. */
    void unmatched(final long block) {
        unmatchedCount++;
        todo.setRange(block, 1);
        leaveOrdered(VolumePhase.REPAIR);
    }

    /** Nothing older than the end of the drain is known any more. */
    void forgetInFlight() {
        inFlight.forget(volume);
    }

    /** How far the ring must be taken before the volume is a state of the past again. */
    long markAt(final long producerPosition) {
        return producerPosition;
    }

    private void leaveOrdered(final VolumePhase reason) {
        if (phase == VolumePhase.ORDERED) {
            phase = reason;
        }
    }

    private static long blockCount(final OpenRead read) {
        return (read.length() + StreamLimits.BLOCK_LENGTH - 1) >> BLOCK_SHIFT;
    }

    private static int sectors(final long block, final long offset, final long end) {
        final long begin = block << BLOCK_SHIFT;
        final int first = (int) (Math.max(offset - begin, 0) >> SECTOR_SHIFT);
        final int last = (int) (Math.min(end - begin, StreamLimits.BLOCK_LENGTH) >> SECTOR_SHIFT);
        return (1 << last) - (1 << first);
    }
}
