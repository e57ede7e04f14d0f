package org.farshore.agent.stream;

import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.PieceHasher;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * A compare of one volume with its replica: groups of up to 1,024 pieces are read and hashed, one message of hashes each,
 * and the receiver answers which differ. A group is an open read from its begin until its hashes are in the stream: a piece
 * that was written meanwhile counts as different. Answers come in order; a few messages may be unanswered. After a lost
 * connection the compare goes on behind the last answer, under a new key, since no piece may be hashed twice under one.
 * A volume that grows meanwhile is compared up to the size it began with; what was added is read as it is. One thread.
 */
public final class CompareRun {
    /** Most messages without an answer. */
    static final int UNANSWERED_MAX = 4;

    /** What an answer was good for. */
    public enum Answer {
        /** It belongs to a run that was given up. */
        STALE,
        TAKEN,
        /** It was the last one of this run. */
        LAST
    }

    private static final int PIECE_SHIFT = 16;
    private static final long GROUP_LENGTH = (long) StreamLimits.PIECES_PER_MESSAGE_MAX << PIECE_SHIFT;

    private final int volume;
    private final OpenRead read = new OpenRead(GROUP_LENGTH, PIECE_SHIFT);
    private final UnsafeBuffer key = new UnsafeBuffer(BufferUtil.allocateDirectAligned(PieceHasher.KEY_LENGTH, 8));
    private final byte[] keyBytes = new byte[PieceHasher.KEY_LENGTH];
    private UnsafeBuffer tags;
    private boolean running;
    private boolean needsKey;
    private long sizeBytes;
    private long nextOffset;
    private long answeredOffset;
    private long issuedOffset;
    private int outstandingReads;
    private int unanswered;
    private int stale;

    CompareRun(final int volume) {
        this.volume = volume;
    }

    OpenRead read() {
        return read;
    }

    /** Begins at the volume's begin; an earlier run on this connection is given up. */
    void start(final long newSizeBytes) {
        stale += unanswered;
        answeredOffset = 0;
        restart(newSizeBytes);
    }

    /** Goes on behind the last answer. */
    void restart(final long newSizeBytes) {
        sizeBytes = newSizeBytes;
        running = true;
        needsKey = true;
        nextOffset = answeredOffset;
        unanswered = 0;
        outstandingReads = 0;
        if (tags == null) {
            tags = new UnsafeBuffer(
                    BufferUtil.allocateDirectAligned(StreamLimits.PIECES_PER_MESSAGE_MAX * PieceHasher.HASH_LENGTH, 8));
        }
    }

    void stop() {
        running = false;
        stale += unanswered;
        unanswered = 0;
        read.end();
    }

    /** No answer comes over the last connection any more. */
    void disconnected() {
        stale = 0;
        unanswered = 0;
    }

    void abort(final ReadBack readBack) {
        readBack.abortCompare(read);
        outstandingReads = 0;
    }

    public boolean isRunning() {
        return running;
    }

    /** True when the next group may begin. */
    public boolean mayBeginGroup() {
        return running && !read.isOpen() && nextOffset < sizeBytes && unanswered < UNANSWERED_MAX;
    }

    /** Begins the next group. */
    public void beginGroup(final ReadBack readBack, final Entropy entropy) {
        if (needsKey) {
            entropy.nextBytes(keyBytes);
            key.putBytes(0, keyBytes);
            needsKey = false;
        }
        readBack.beginCompare(read, nextOffset, Math.min(GROUP_LENGTH, sizeBytes - nextOffset));
        issuedOffset = nextOffset;
        outstandingReads = 0;
    }

    /** True when more of the open group must be read. */
    public boolean wantsRead() {
        return running && read.isOpen() && issuedOffset < read.offset() + read.length();
    }

    /** Where the next read begins. */
    public long nextReadOffset() {
        return issuedOffset;
    }

    /** How long the next read may be. */
    public int nextReadLength(final int lengthMax) {
        return (int) Math.min(lengthMax, read.offset() + read.length() - issuedOffset);
    }

    public void onIssued(final int length) {
        issuedOffset += length;
        outstandingReads++;
    }

    /** The hashes of a part of the group; {@code isBad} when the part could not be read. */
    public void onRead(final long offset, final int length, final UnsafeBuffer partTags, final boolean isBad) {
        outstandingReads--;
        final int first = (int) ((offset - read.offset()) >> PIECE_SHIFT);
        final int count = (length + StreamLimits.PIECE_LENGTH - 1) >> PIECE_SHIFT;
        tags.putBytes(first * PieceHasher.HASH_LENGTH, partTags, 0, count * PieceHasher.HASH_LENGTH);
        if (isBad) {
            read.addHole(offset, length);
        }
    }

    /** True when the whole group is hashed. */
    public boolean isGroupReady() {
        return running && read.isOpen() && !wantsRead() && outstandingReads == 0;
    }

    /** Appends the hashes of the open group; false when the link has no room now. */
    public boolean append(final SingleRecords records) {
        return records.pieceHashes(
                volume, read.offset() >> PIECE_SHIFT, read.unitCount(), key, PieceHasher.KEY_LENGTH, tags);
    }

    /** The hashes are in the stream. */
    public void onAppended(final ReadBack readBack, final long producerPosition) {
        nextOffset = read.offset() + read.length();
        readBack.endCompare(read, producerPosition);
        unanswered++;
    }

    /** The receiver answered for these pieces. */
    public Answer onAnswer(final long firstPiece, final long pieceCount) {
        if (stale > 0) {
            stale--;
            return Answer.STALE;
        }
        if (!running || unanswered == 0 || firstPiece << PIECE_SHIFT != answeredOffset) {
            return Answer.STALE;
        }
        unanswered--;
        answeredOffset = Math.min(sizeBytes, (firstPiece + pieceCount) << PIECE_SHIFT);
        running = answeredOffset < sizeBytes;
        return running ? Answer.TAKEN : Answer.LAST;
    }

    /** Key of the hashes. */
    public UnsafeBuffer key() {
        return key;
    }

    /** Bytes of the volume that have an answer. */
    public long answeredBytes() {
        return answeredOffset;
    }
}
