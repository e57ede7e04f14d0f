package org.farshore.dataplane.recover;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.ship.RecordMessage;

/** Every extent of every batch in a list; what was written last is found by looking at all of them. */
final class ModelVersions implements JournalFrameHandler {
    private record Version(
            long sequence, long position, int entry, int volume, int kind, long offset, long length, int payload) {
        boolean isBefore(final long cut, final int entries) {
            return position < cut || (position == cut && entry < entries);
        }
    }

    private final List<Version> versions = new ArrayList<>();
    private final RecordMessage message = new RecordMessage();
    private long position;
    private long horizon;

    /** Everything below is in the base copy. */
    void raiseHorizon(final long newHorizon) {
        horizon = newHorizon;
    }

    long position() {
        return position;
    }

    @Override
    public boolean onFrame(
            final long framePosition,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        position = framePosition + frame.alignedLength();
        if (frame.type() == JournalFrameFlyweight.TYPE_INCARNATION) {
            versions.removeIf(version -> version.sequence >= frame.firstSequence());
            return true;
        }
        if (message.wrap(buffer, bodyOffset, bodyLength) != null) {
            throw new AssertionError("frame at " + framePosition);
        }
        if (message.templateId() != WriteBatchDecoder.TEMPLATE_ID) {
            return true;
        }
        long sequence = message.firstSequence() - 1;
        int payload = 0;
        for (int i = 0; i < message.groupCount(); i++) {
            sequence += message.extentContinues(i) ? 0 : 1;
            final int kind = message.extentKind(i);
            versions.add(new Version(
                    sequence,
                    framePosition,
                    i,
                    message.extentVolume(i),
                    kind,
                    message.extentOffset(i),
                    message.extentLength(i),
                    payload));
            payload += RecordMessage.carriesPayload(kind) ? (int) message.extentLength(i) : 0;
        }
        return true;
    }

    /** A volume at a cut. */
    Versions at(final int volume, final long cut, final int entries) {
        return new Versions() {
            @Override
            public void find(final long offset, final long length, final ViewPieces pieces) {
                for (long at = offset; at < offset + length; at += 512) {
                    findSector(volume, cut, entries, at, pieces);
                }
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
    }

    private void findSector(
            final int volume, final long cut, final int entries, final long at, final ViewPieces pieces) {
        for (int i = versions.size() - 1; i >= 0; i--) {
            final Version version = versions.get(i);
            if (version.volume == volume
                    && version.position >= horizon
                    && version.offset <= at
                    && version.offset + version.length > at
                    && version.isBefore(cut, entries)) {
                if (RecordMessage.carriesPayload(version.kind)) {
                    pieces.onJournal(at, 512, version.position, version.payload + (int) (at - version.offset));
                } else {
                    pieces.onZero(at, 512);
                }
                return;
            }
        }
        pieces.onBase(at, 512);
    }
}
