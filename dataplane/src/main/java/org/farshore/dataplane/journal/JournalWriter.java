package org.farshore.dataplane.journal;

import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableDirectByteBuffer;
import org.farshore.dataplane.codecs.journal.IncarnationEncoder;
import org.farshore.dataplane.codecs.journal.MessageHeaderEncoder;

/**
 * Appends frames to the journal of one stream; the receive thread's end. Never blocks and never touches a disk: closed
 * groups go to the {@link JournalCommitter} by a queue and come back when they are durable.
 *
 * <p>A group is closed when it is full, when the commit thread has nothing of this stream under way (so an idle stream is
 * durable at once and a busy one batches by itself), and after 100 ms in any case. A group for which there was room, but
 * nothing came, is not written: a message may be offered many times before it can be taken.
 */
public final class JournalWriter {
    /** Answer of the append methods when there is no room now; try again in a later duty cycle. */
    public static final long BACK_PRESSURED = -1;

    private static final int INCARNATION_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + IncarnationEncoder.BLOCK_LENGTH;

    private final JournalContext context;
    private final JournalCommitter committer;
    private final Positions positions;
    private final long life;
    private final long firstSegment;
    private final ArrayDeque<JournalGroup> freeGroups = new ArrayDeque<>(JournalLimits.GROUPS_MAX);
    private final ExpandableDirectByteBuffer incarnationBody = new ExpandableDirectByteBuffer(INCARNATION_LENGTH);
    private final IncarnationEncoder incarnationEncoder = new IncarnationEncoder();
    private final MessageHeaderEncoder messageHeaderEncoder = new MessageHeaderEncoder();
    private JournalGroup open;
    private int groupCount;
    private int underWay;
    private long nowNs;
    private long endPosition;
    private long endSequence;
    private long capturePosition;
    private int generation;
    private int incarnation;
    private long durablePosition;
    private long durableEndSequence;
    private long durableCapturePosition;
    private boolean confirmed = true;
    private boolean beginsSegment;
    private long durableAtNs;

    JournalWriter(final JournalContext context, final JournalCommitter committer, final RecoveredJournal recovered) {
        this.context = context;
        this.committer = committer;
        this.positions = new Positions(context.segmentLength());
        this.life = context.entropy().nextLong();
        this.endPosition = recovered.endPosition();
        this.firstSegment = recovered.writeSegment();
        this.endSequence = recovered.endSequence();
        this.capturePosition = recovered.capturePosition();
        this.generation = recovered.generation();
        this.incarnation = recovered.incarnation();
        this.durablePosition = endPosition;
        this.durableEndSequence = endSequence;
        this.durableCapturePosition = capturePosition;
        context.appendedPositionCounter().setRelease(endPosition);
    }

    /**
     * Part of the receive thread's duty cycle, after messages were polled: takes back groups that became durable and closes
     * the open group when its time has come.
     *
     * @param now the cycle's clock reading, ns.
     * @return groups moved.
     */
    public int doWork(final long now) {
        nowNs = now;
        int work = takeBack();
        if (!isEmpty()) {
            if (underWay == 0 || now - open.openedAtNs() >= JournalLimits.GROUP_WAIT_NS_MAX) {
                closeGroup();
                work++;
            }
        } else if (!confirmed && underWay == 0 && now - durableAtNs >= JournalLimits.GROUP_WAIT_NS_MAX) {
            work += confirm();
        }
        return work;
    }

    /**
     * Makes room, so that the next {@link #append} of a body of this length, and what is attached before it, go into one
     * group.
     *
     * @return false when there is no room now.
     */
    public boolean ensureRoom(final int bodyLength) {
        if (bodyLength < 0 || bodyLength > JournalLimits.BODY_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "frame body of " + bodyLength + " bytes, at most " + JournalLimits.BODY_LENGTH_MAX);
        }
        if (open != null && !open.hasRoom(bodyLength)) {
            closeGroup();
        }
        return open != null || openGroup(bodyLength);
    }

    /** Lets {@code writes} happen before the open group; only after {@link #ensureRoom} has answered true. */
    public void attach(final DirectWrites writes) {
        open.attach(writes);
    }

    /**
     * Appends one frame.
     *
     * @param type STREAM or COPIED.
     * @param newestEndSequence newest END at or before the end of this frame, and
     * @param newestCapturePosition the capture position behind it.
     * @param body in direct memory or not; copied during the call.
     * @return position of the frame, or {@link #BACK_PRESSURED}.
     */
    public long append(
            final int type,
            final int frameGeneration,
            final int frameIncarnation,
            final long firstSequence,
            final int recordCount,
            final long newestEndSequence,
            final long newestCapturePosition,
            final long captureTimeNs,
            final DirectBuffer body,
            final int offset,
            final int length) {
        if (!ensureRoom(length)) {
            return BACK_PRESSURED;
        }
        generation = frameGeneration;
        incarnation = frameIncarnation;
        endSequence = newestEndSequence;
        capturePosition = newestCapturePosition;
        final long position = positions.of(open.segmentNumber(), open.segmentOffset() + open.length());
        put(type, firstSequence, recordCount, captureTimeNs, body, offset, length);
        if (open.length() >= JournalLimits.GROUP_LENGTH) {
            closeGroup();
        }
        return position;
    }

    /**
     * Appends the frame that opens an incarnation. The Welcome may go out when {@link #durablePosition()} has passed the
     * position returned.
     *
     * @return position of the frame, or {@link #BACK_PRESSURED}.
     */
    public long appendIncarnation(
            final int newGeneration,
            final int newIncarnation,
            final long nextSequence,
            final long nextCapturePosition,
            final long captureIdHigh,
            final long captureIdLow) {
        incarnationEncoder
                .wrapAndApplyHeader(incarnationBody, 0, messageHeaderEncoder)
                .generation(newGeneration)
                .incarnation(newIncarnation)
                .nextSequence(nextSequence)
                .capturePosition(nextCapturePosition)
                .captureIdHigh(captureIdHigh)
                .captureIdLow(captureIdLow)
                .wallTimeNs(context.clocks().epochNanos());
        return append(
                JournalFrameFlyweight.TYPE_INCARNATION,
                newGeneration,
                newIncarnation,
                nextSequence,
                0,
                nextSequence - 1,
                nextCapturePosition,
                0,
                incarnationBody,
                0,
                INCARNATION_LENGTH);
    }

    /** Closes the open group, if any: it is durable next. For an orderly stop and before a Welcome. */
    public void closeGroup() {
        if (!isEmpty()) {
            handOver();
        } else if (open != null) {
            freeGroups.push(open);
            open = null;
        }
    }

    private boolean isEmpty() {
        return open == null || open.frameCount() == 0;
    }

    private void handOver() {
        final int padBodyLength = open.padBodyLength();
        open.zeroPadBody(padBodyLength);
        put(JournalFrameFlyweight.TYPE_PAD, endSequence + 1, 0, 0, null, 0, padBodyLength);
        endPosition = positions.of(open.segmentNumber(), open.segmentOffset() + open.length());
        context.appendedPositionCounter().setRelease(endPosition);
        committer.offer(open);
        underWay++;
        open = null;
    }

    private void put(
            final int type,
            final long firstSequence,
            final int recordCount,
            final long captureTimeNs,
            final DirectBuffer body,
            final int offset,
            final int length) {
        final JournalFrameFlyweight frame = open.begin(type, length);
        frame.machine(context.machineIdHigh(), context.machineIdLow());
        frame.connection(generation, incarnation);
        frame.records(firstSequence, recordCount, endSequence);
        frame.capture(capturePosition, captureTimeNs);
        if (body != null) {
            open.putBody(body, offset, length);
        }
        open.finish(endSequence, capturePosition);
    }

    private boolean openGroup(final int bodyLength) {
        if (committer.isPoisoned()) {
            return false;
        }
        long segment = positions.segmentOf(endPosition);
        int offset = positions.offsetOf(endPosition);
        final int needed =
                JournalLimits.alignToBlock(JournalGroup.frameLength(bodyLength) + JournalFrameFlyweight.HEADER_LENGTH);
        if (beginsSegment || context.segmentLength() - offset < needed || segment < firstSegment) {
            segment = Math.max(segment + 1, firstSegment);
            offset = JournalLimits.SEGMENT_HEADER_LENGTH;
        }
        if (segment > committer.preparedSegment()) {
            return false;
        }
        final JournalGroup group = freeGroup();
        if (group == null) {
            return false;
        }
        final long position = positions.of(segment, offset);
        group.open(segment, offset, context.segmentLength() - offset, life, endPosition, nowNs);
        assert position >= endPosition;
        open = group;
        beginsSegment = false;
        return true;
    }

    /** The next frame begins a segment: nothing that comes lies in one with what was. */
    public void beginSegment() {
        closeGroup();
        beginsSegment = true;
    }

    private JournalGroup freeGroup() {
        takeBack();
        if (!freeGroups.isEmpty()) {
            return freeGroups.pop();
        }
        if (groupCount < JournalLimits.GROUPS_MAX) {
            groupCount++;
            return new JournalGroup();
        }
        return null;
    }

    private int takeBack() {
        int count = 0;
        for (JournalGroup group = committer.takeDone(); group != null; group = committer.takeDone()) {
            durablePosition = positions.of(group.segmentNumber(), group.segmentOffset() + group.length());
            durableEndSequence = group.endSequence();
            durableCapturePosition = group.capturePosition();
            confirmed = group.frameCount() == 0;
            durableAtNs = nowNs;
            underWay--;
            freeGroups.push(group);
            count++;
        }
        return count;
    }

    /** A group of nothing but a PAD: it names the durable position of the last frames, which nothing else does yet. */
    private int confirm() {
        if (open == null && !openGroup(0)) {
            return 0;
        }
        handOver();
        return 1;
    }

    /** End of the journal in memory, closed groups only. */
    public long endPosition() {
        return endPosition;
    }

    /** True when everything appended is durable. */
    public boolean isAllDurable() {
        return isEmpty() && underWay == 0;
    }

    /** As far as this thread knows: end of the newest group that is durable. */
    public long durablePosition() {
        return durablePosition;
    }

    /** Newest END sequence below {@link #durablePosition()}. */
    public long durableEndSequence() {
        return durableEndSequence;
    }

    /** Capture position behind that END. */
    public long durableCapturePosition() {
        return durableCapturePosition;
    }

    /** True after a write or a sync has failed: nothing more will become durable, the role ends. */
    public boolean isPoisoned() {
        return committer.isPoisoned();
    }
}
