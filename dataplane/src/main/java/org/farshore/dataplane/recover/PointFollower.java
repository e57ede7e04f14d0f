package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.VolumeAddedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.RecordMessage;

/**
 * Finds in the durable frames of a journal what the catalogue is made of: barriers, and records that change a volume.
 *
 * <p>A record counts when an END at or behind it is durable. A barrier is one itself; a change of a volume may lie inside an
 * open write and waits then. When the connection ends first, the next incarnation gives its number again and it never was.
 *
 * <p>Batches are not looked into. One thread.
 */
final class PointFollower implements JournalFrameHandler {
    private static final int TEMPLATE_OFFSET = MessageHeaderDecoder.templateIdEncodingOffset();

    private final Records records;
    private final RecordMessage message = new RecordMessage();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long position;
    private long endSequence;
    private long endFramePosition;

    /** Where what was found goes. */
    interface Records {
        /** A record; the message is valid during the call. */
        void onRecord(RecordMessage record, long frameEnd);
    }

    private record Waiting(long sequence, long frameBegin, long frameEnd, byte[] bytes) {}

    PointFollower(final Records records) {
        this.records = records;
    }

    /** Begins behind what is known already. */
    void begin(final long knownPosition, final long knownEndSequence) {
        position = knownPosition;
        endSequence = knownEndSequence;
        endFramePosition = -1;
        waiting.clear();
    }

    /** Everything below was taken. */
    long position() {
        return waiting.isEmpty() ? position : waiting.peek().frameBegin;
    }

    /** Newest durable END below {@link #position}. */
    long endSequence() {
        return endSequence;
    }

    /** Where the frame with the newest durable END begins; -1 when it was not seen in this life. */
    long endFramePosition() {
        return endFramePosition;
    }

    @Override
    public boolean onFrame(
            final long framePosition,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        final long frameEnd = framePosition + frame.alignedLength();
        if (framePosition < position) {
            return true;
        }
        if (frame.type() == JournalFrameFlyweight.TYPE_INCARNATION) {
            waiting.clear();
        } else if (isForCatalogue(buffer, bodyOffset)) {
            take(framePosition, frameEnd, frame, buffer, bodyOffset, bodyLength);
        }
        if (frame.endSequence() > endSequence) {
            endSequence = frame.endSequence();
            endFramePosition = framePosition;
            passWaiting();
        }
        position = frameEnd;
        return true;
    }

    private static boolean isForCatalogue(final DirectBuffer buffer, final int bodyOffset) {
        final int template = buffer.getShort(bodyOffset + TEMPLATE_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
        return template == BarrierDecoder.TEMPLATE_ID
                || (template != WriteBatchDecoder.TEMPLATE_ID
                        && template >= VolumeAddedDecoder.TEMPLATE_ID
                        && template <= VolumeStateDecoder.TEMPLATE_ID);
    }

    private void take(
            final long framePosition,
            final long frameEnd,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        final String complaint = message.wrap(buffer, bodyOffset, bodyLength);
        if (complaint != null) {
            throw new FarshoreException(
                    ExitCode.INVARIANT,
                    "journal frame at " + framePosition + " was checked when it was received, now: " + complaint);
        }
        if (message.firstSequence() <= frame.endSequence() && waiting.isEmpty()) {
            records.onRecord(message, frameEnd);
        } else {
            final byte[] bytes = new byte[bodyLength];
            buffer.getBytes(bodyOffset, bytes);
            waiting.add(new Waiting(message.firstSequence(), framePosition, frameEnd, bytes));
        }
    }

    private void passWaiting() {
        while (!waiting.isEmpty() && waiting.peek().sequence <= endSequence) {
            final Waiting next = waiting.poll();
            message.wrap(new UnsafeBuffer(next.bytes), 0, next.bytes.length);
            records.onRecord(message, next.frameEnd);
        }
    }
}
