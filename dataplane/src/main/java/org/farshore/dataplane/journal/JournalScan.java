package org.farshore.dataplane.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.journal.IncarnationDecoder;
import org.farshore.dataplane.codecs.journal.MessageHeaderDecoder;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Walks a journal from its horizon to its end and tells a torn tail from rot, by the rules in {@link JournalRecovery}. Writes
 * nothing; serves recovery and tools. One thread.
 */
final class JournalScan implements AutoCloseable {
    private static final long UNKNOWN = -1;

    private final SegmentTable table;
    private final BlockFiles.Mode mode;
    private final Positions positions;
    private final GroupFinder finder;
    private final StreamState state;
    private final LongSupplier horizon;
    private final JournalFrameHandler handler;
    private final JournalFrameFlyweight frame = new JournalFrameFlyweight();
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final IncarnationDecoder incarnationDecoder = new IncarnationDecoder();
    private final List<DamagedRange> damages = new ArrayList<>();
    private long position;
    private long chain = UNKNOWN;
    private long expectedSequence = UNKNOWN;
    private int generation;
    private int incarnation;
    private long captureIdHigh;
    private long captureIdLow;
    private long endSequence;
    private long capturePosition;
    private long frameCount;
    private long groupCount;
    private int tornLength;
    private long writeSegment;

    /**
     * @param table loaded, headers that could not be read already replaced by what the frames say.
     * @param horizon asked again when damage is met: on a live journal the segment may have been reused meanwhile.
     */
    JournalScan(
            final BlockFiles files,
            final BlockFiles.Mode mode,
            final SegmentTable table,
            final StreamState state,
            final LongSupplier horizon,
            final JournalFrameHandler handler) {
        this.table = table;
        this.mode = mode;
        this.positions = new Positions(state.segmentLength());
        this.finder = new GroupFinder(files, mode, table, positions, state.machineIdHigh(), state.machineIdLow());
        this.state = state;
        this.horizon = horizon;
        this.handler = handler;
        this.generation = state.generation();
        this.incarnation = state.incarnation();
        this.captureIdHigh = state.captureIdHigh();
        this.captureIdLow = state.captureIdLow();
        this.endSequence = state.appliedSequence();
        this.capturePosition = state.appliedCapturePosition();
    }

    RecoveredJournal run() throws IOException {
        identifyUnknown();
        final long from = horizon.getAsLong();
        final long begin = positions.begin(positions.segmentOf(from + 1));
        position = begin;
        if (from < begin && from % positions.segmentLength() == 0) {
            chain = from;
        }
        boolean more = true;
        while (more) {
            more = acceptGroup() || rollOver() || passDamage();
        }
        return new RecoveredJournal(
                generation,
                incarnation,
                captureIdHigh,
                captureIdLow,
                endSequence,
                capturePosition,
                begin,
                position,
                writeSegment,
                frameCount,
                tornLength,
                damages);
    }

    private void identifyUnknown() throws IOException {
        for (final SegmentTable.Entry entry : table.entries()) {
            if (!entry.headerValid) {
                final long segment = finder.identify(entry);
                if (table.find(segment) == null) {
                    entry.segmentNumber = segment;
                }
            }
        }
    }

    private long segment() {
        return positions.segmentOf(position + 1);
    }

    private int offset() {
        return (int) (position - segment() * positions.segmentLength());
    }

    /** Takes the whole group at the position, if there is one and it continues the chain. */
    private boolean acceptGroup() throws IOException {
        final int length = isAtSegmentEnd() ? 0 : finder.wholeGroup(segment(), offset());
        if (length == 0) {
            return false;
        }
        if (!continuesChain(finder.foundDurablePosition())) {
            return false;
        }
        deliver(length);
        position += length;
        chain = position;
        groupCount++;
        return true;
    }

    /** Every group names the end of the one before it: its own begin, or the end of the segment before. */
    private boolean continuesChain(final long durable) {
        return durable == position
                || (offset() == JournalLimits.SEGMENT_HEADER_LENGTH && (chain == UNKNOWN || durable == chain));
    }

    private boolean isAtSegmentEnd() {
        return position > 0 && position % positions.segmentLength() == 0;
    }

    private void deliver(final int length) throws IOException {
        final int index = finder.loadGroup(offset(), length);
        final DirectBuffer buffer = finder.buffer();
        for (int done = 0; done < length; done += frame.alignedLength()) {
            frame.wrap(buffer, index + done);
            if (position + done >= state.appliedPosition()) {
                onFrame(position + done, buffer, index + done);
            }
        }
    }

    private void onFrame(final long at, final DirectBuffer buffer, final int index) {
        generation = frame.generation();
        incarnation = frame.incarnation();
        endSequence = frame.endSequence();
        capturePosition = frame.capturePosition();
        if (frame.type() == JournalFrameFlyweight.TYPE_PAD) {
            return;
        }
        final int body = index + JournalFrameFlyweight.HEADER_LENGTH;
        if (frame.type() == JournalFrameFlyweight.TYPE_INCARNATION) {
            onIncarnation(buffer, body);
        } else {
            checkSequence(at);
        }
        expectedSequence = frame.firstSequence() + frame.recordCount();
        frameCount++;
        handler.onFrame(at, frame, buffer, body, frame.bodyLength());
    }

    private void onIncarnation(final DirectBuffer buffer, final int body) {
        messageHeader.wrap(buffer, body);
        incarnationDecoder.wrap(
                buffer,
                body + MessageHeaderDecoder.ENCODED_LENGTH,
                messageHeader.blockLength(),
                messageHeader.version());
        captureIdHigh = incarnationDecoder.captureIdHigh();
        captureIdLow = incarnationDecoder.captureIdLow();
    }

    /** Whole groups, yet a hole in the numbers: something that was acknowledged is gone without a trace. */
    private void checkSequence(final long at) {
        if (expectedSequence != UNKNOWN && frame.firstSequence() != expectedSequence) {
            damages.add(new DamagedRange(
                    at, at, "sequence " + frame.firstSequence() + " follows, expected " + expectedSequence));
        }
    }

    /** Goes on in the next segment when its first group names this position as the end of the group before it. */
    private boolean rollOver() throws IOException {
        final long here = isAtSegmentEnd() ? segment() - 1 : segment();
        final long next = table.next(here);
        if (next < 0
                || (!isAtSegmentEnd() && finder.findProof(here, offset(), position))
                || !finder.firstFrame(next, JournalLimits.SEGMENT_HEADER_LENGTH)
                || finder.foundDurablePosition() != position) {
            return false;
        }
        position = positions.begin(next);
        return true;
    }

    /** Nothing can be read here: the end, or damage behind which it goes on. Answers true when it goes on. */
    private boolean passDamage() throws IOException {
        refuseNewerVersion();
        final long go = findProofBehind();
        if (go == UNKNOWN && durableByState() <= position) {
            end();
            return false;
        }
        if (lookAgain()) {
            return true;
        }
        final long target = go == UNKNOWN ? endByState() : go;
        final long from = Math.max(position, horizon.getAsLong());
        if (target > from) {
            damages.add(new DamagedRange(from, target, "durable, but no whole group"));
        }
        position = target;
        writeSegment = positions.segmentOf(position);
        chain = UNKNOWN;
        expectedSequence = UNKNOWN;
        return go != UNKNOWN;
    }

    /** What a newer version wrote is neither torn nor rot: to cut it off, or to write behind it, would destroy it. */
    private void refuseNewerVersion() throws IOException {
        final int version = isAtSegmentEnd() ? 0 : finder.newerVersion(segment(), offset());
        if (version > 0) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    table.find(segment()).path + " has frames of version " + version + " from offset " + offset()
                            + " on, this Farshore reads version " + JournalFrameFlyweight.VERSION
                            + ": start the newer one that wrote them");
        }
    }

    /**
     * The journal ends here. When a group was begun in a segment of its own and is not whole, the end is that of the segment
     * before, but no group may follow there any more: the first frame of the lost one says that nothing does.
     */
    private void end() throws IOException {
        final int offset = offset();
        tornLength = isAtSegmentEnd() ? 0 : finder.endOfTraces(segment(), offset, position) - offset;
        writeSegment = positions.segmentOf(position);
        reportCut();
        if (offset == JournalLimits.SEGMENT_HEADER_LENGTH && chain != UNKNOWN) {
            position = chain;
        }
    }

    /** Segment files are written in full when they are made: one that is shorter has lost something, perhaps acknowledged. */
    private void reportCut() {
        final SegmentTable.Entry entry = table.find(segment());
        if (entry != null && entry.fileLength < positions.segmentLength()) {
            damages.add(new DamagedRange(
                    position,
                    position,
                    entry.path.getFileName() + " is cut to " + entry.fileLength + " of " + positions.segmentLength()
                            + " bytes"));
        }
    }

    /** Where the first group begins that proves this position durable, or UNKNOWN. */
    private long findProofBehind() throws IOException {
        final long here = isAtSegmentEnd() ? segment() - 1 : segment();
        if (!isAtSegmentEnd() && finder.findProof(here, offset(), position)) {
            return finder.foundGroupPosition();
        }
        for (long next = table.next(here); next >= 0; next = table.next(next)) {
            if (finder.findProof(next, JournalLimits.SEGMENT_HEADER_LENGTH, position)) {
                return finder.foundGroupPosition();
            }
        }
        return UNKNOWN;
    }

    private long durableByState() {
        return Math.max(state.durablePosition(), Math.max(state.appliedPosition(), state.horizon()));
    }

    /** The end when only the state record knows of it: the next block, or the next segment when there is no file. */
    private long endByState() {
        final long durable = durableByState();
        final long segment = positions.segmentOf(durable);
        long newest = segment;
        for (final SegmentTable.Entry entry : table.entries()) {
            newest = Math.max(newest, entry.segmentNumber);
        }
        return table.find(segment) != null
                ? (durable + JournalLimits.BLOCK_LENGTH - 1) & -JournalLimits.BLOCK_LENGTH
                : positions.begin(newest + 1);
    }

    /** On a live journal the group may have been written, or the segment reused, between two reads. */
    private boolean lookAgain() throws IOException {
        finder.forget();
        if (mode != BlockFiles.Mode.READ_DIRECT) {
            table.load(mode);
            identifyUnknown();
            if (position < horizon.getAsLong() && table.find(segment()) == null && table.next(segment()) >= 0) {
                position = positions.begin(table.next(segment()));
                chain = UNKNOWN;
                expectedSequence = UNKNOWN;
                return true;
            }
        }
        return acceptGroup();
    }

    /** Groups read. */
    long groupCount() {
        return groupCount;
    }

    /** Blocks that the disk refused to read. */
    long unreadableBlocks() {
        return finder.unreadableBlocks();
    }

    @Override
    public void close() {
        finder.close();
    }
}
