package org.farshore.dataplane.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.VolumeRemovedDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Holds each version against the frame that it names. Both come in the order of the journal, so one walk over both does.
 * Versions of frames below the horizon are retired and left aside.
 */
final class JournalComparer {
    private static final int COMPLAINTS_MAX = 20;

    private final EntryCursor cursor;
    private final List<String> damages;
    private final RecordMessage message = new RecordMessage();
    private long horizon;
    private boolean more;

    JournalComparer(final EntryCursor cursor, final List<String> damages) {
        this.cursor = cursor;
        this.damages = damages;
    }

    void run(final JournalInspector journal) throws IOException {
        try {
            horizon = journal.state().horizon();
            more = cursor.next();
            journal.walk(this::onFrame);
            passBelow(Long.MAX_VALUE);
        } catch (final UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private boolean onFrame(
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        try {
            passBelow(position);
            final boolean readable = frame.type() == JournalFrameFlyweight.TYPE_STREAM
                    && message.wrap(buffer, bodyOffset, bodyLength) == null;
            for (; more && cursor.position() == position; more = cursor.next()) {
                unless(
                        cursor.entry().kind() == VersionEntryFlyweight.KIND_DAMAGE || (readable && agrees()),
                        "is not what its frame says");
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return true;
    }

    /** Versions of frames that did not come. */
    private void passBelow(final long position) throws IOException {
        for (; more && cursor.position() < position; more = cursor.next()) {
            final boolean retired = cursor.position() < horizon;
            unless(retired || cursor.entry().kind() == VersionEntryFlyweight.KIND_DAMAGE, "names no frame");
        }
    }

    private boolean agrees() {
        final VersionEntryFlyweight entry = cursor.entry();
        if (entry.kind() == VersionEntryFlyweight.KIND_REMOVED) {
            return message.templateId() == VolumeRemovedDecoder.TEMPLATE_ID && message.volumeNumber() == entry.volume();
        }
        final int extent = entry.extent();
        if (message.templateId() != WriteBatchDecoder.TEMPLATE_ID
                || extent >= message.groupCount()
                || message.extentVolume(extent) != entry.volume()) {
            return false;
        }
        final boolean carries = RecordMessage.carriesPayload(message.extentKind(extent));
        if (carries != (entry.kind() == VersionEntryFlyweight.KIND_WRITE)) {
            return false;
        }
        return entry.isCoarse() || covers(extent, entry);
    }

    private boolean covers(final int extent, final VersionEntryFlyweight entry) {
        final int first = Integer.numberOfTrailingZeros(entry.mask());
        final long begin = entry.block() * StreamLimits.BLOCK_LENGTH + (long) first * StreamLimits.SECTOR_LENGTH;
        final long end = begin + (long) Integer.bitCount(entry.mask()) * StreamLimits.SECTOR_LENGTH;
        return begin >= message.extentOffset(extent)
                && end <= message.extentOffset(extent) + message.extentLength(extent);
    }

    private void unless(final boolean right, final String complaint) {
        if (!right && damages.size() < COMPLAINTS_MAX) {
            damages.add("version " + cursor.id() + " at position " + cursor.position() + " " + complaint);
        }
    }
}
