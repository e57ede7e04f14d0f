package org.farshore.dataplane.recover;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.JournalDamageException;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.ship.RecordMessage;

/**
 * Finds the place of a record in a stretch of journal, and whether it is an END: the disks could have been as they are
 * behind it.
 *
 * <p>A record that is a durable END is never void: the next incarnation numbers from behind it. One that is none may be, and
 * its number may come again; so the search goes on behind it. One thread, one use.
 */
final class EndFinder implements JournalFrameHandler {
    private static final int FRAMES_AT_ONCE = 256;

    private final long sequence;
    private final RecordMessage message = new RecordMessage();
    private long position = -1;
    private int entries;

    EndFinder(final long sequence) {
        this.sequence = sequence;
    }

    /**
     * Looks from {@code from} to {@code to}, both ends of frames.
     *
     * @return true when it is there and an END.
     * @throws JournalDamageException when the journal between cannot be read.
     */
    boolean find(final JournalReader reader, final long from, final long to) {
        reader.seek(from);
        while (position < 0 && reader.poll(this, to, FRAMES_AT_ONCE) > 0) {
            // Goes on until it is found or the stretch ends.
        }
        return position >= 0;
    }

    /** Everything below this position is in the state behind the record, */
    long position() {
        return position;
    }

    /** and so many entries of the batch in the frame that begins there. */
    int entries() {
        return entries;
    }

    @Override
    public boolean onFrame(
            final long framePosition,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        if (position >= 0
                || frame.type() == JournalFrameFlyweight.TYPE_INCARNATION
                || sequence < frame.firstSequence()
                || sequence >= frame.firstSequence() + frame.recordCount()) {
            return position < 0;
        }
        final String complaint = frame.type() == JournalFrameFlyweight.TYPE_COPIED
                ? message.wrapWithoutPayload(buffer, bodyOffset, bodyLength)
                : message.wrap(buffer, bodyOffset, bodyLength);
        if (complaint != null) {
            throw new IllegalStateException("journal frame at " + framePosition + ": " + complaint);
        }
        if (message.templateId() != WriteBatchDecoder.TEMPLATE_ID) {
            if (message.endSequence() == sequence) {
                position = framePosition + frame.alignedLength();
            }
        } else {
            findInBatch(framePosition, frame);
        }
        return true;
    }

    private void findInBatch(final long framePosition, final JournalFrameFlyweight frame) {
        long record = message.firstSequence() - 1;
        int end = 0;
        boolean isEnd = false;
        for (int i = 0; i < message.groupCount(); i++) {
            record += message.extentContinues(i) ? 0 : 1;
            if (record == sequence) {
                end = i + 1;
                isEnd |= message.extentEnds(i);
            }
        }
        if (!isEnd) {
            return;
        }
        final boolean whole = end == message.groupCount();
        position = whole ? framePosition + frame.alignedLength() : framePosition;
        entries = whole ? 0 : end;
    }
}
