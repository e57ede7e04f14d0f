package org.farshore.dataplane.tool;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.journal.IncarnationDecoder;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.PieceHashesDecoder;
import org.farshore.dataplane.codecs.replication.UnreadableExtentDecoder;
import org.farshore.dataplane.codecs.replication.VolumeAddedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeRemovedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;

/** The body of a frame as text, printed by the generated decoders; payloads by their length only. */
final class FrameText {
    /** Of a line; a full table of 160 extents takes less. */
    private static final int LENGTH_MAX = 32_768;

    private FrameText() {}

    static String of(final int frameType, final DirectBuffer buffer, final int offset, final int length) {
        if (length < MessageHeaderDecoder.ENCODED_LENGTH) {
            return "(" + length + " bytes)";
        }
        // A buffer of its own, so that a length in the body that tells lies does not lead into the next frame.
        final DirectBuffer body = new UnsafeBuffer(buffer, offset, length);
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(body, 0);
        try {
            return bounded(
                    frameType == JournalFrameFlyweight.TYPE_INCARNATION
                            ? incarnation(body, header)
                            : record(body, header));
        } catch (final IndexOutOfBoundsException | IllegalArgumentException | IllegalStateException e) {
            return "(template " + header.templateId() + ", cannot be decoded: " + e.getMessage() + ")";
        }
    }

    /** A table may name 65,535 entries of no length: more than a line has room for. */
    private static String bounded(final String text) {
        return text.length() <= LENGTH_MAX
                ? text
                : text.substring(0, LENGTH_MAX) + "… (" + (text.length() - LENGTH_MAX) + " characters more)";
    }

    private static String incarnation(final DirectBuffer body, final MessageHeaderDecoder header) {
        return new IncarnationDecoder()
                .wrap(body, MessageHeaderDecoder.ENCODED_LENGTH, header.blockLength(), header.version())
                .toString();
    }

    private static String record(final DirectBuffer body, final MessageHeaderDecoder header) {
        final int at = MessageHeaderDecoder.ENCODED_LENGTH;
        final int block = header.blockLength();
        final int version = header.version();
        return switch (header.templateId()) {
            case WriteBatchDecoder.TEMPLATE_ID ->
                new WriteBatchDecoder().wrap(body, at, block, version).toString();
            case BarrierDecoder.TEMPLATE_ID ->
                new BarrierDecoder().wrap(body, at, block, version).toString();
            case VolumeAddedDecoder.TEMPLATE_ID ->
                new VolumeAddedDecoder().wrap(body, at, block, version).toString();
            case VolumeResizedDecoder.TEMPLATE_ID ->
                new VolumeResizedDecoder().wrap(body, at, block, version).toString();
            case VolumeRemovedDecoder.TEMPLATE_ID ->
                new VolumeRemovedDecoder().wrap(body, at, block, version).toString();
            case VolumeStateDecoder.TEMPLATE_ID ->
                new VolumeStateDecoder().wrap(body, at, block, version).toString();
            case UnreadableExtentDecoder.TEMPLATE_ID ->
                new UnreadableExtentDecoder().wrap(body, at, block, version).toString();
            case PieceHashesDecoder.TEMPLATE_ID ->
                new PieceHashesDecoder().wrap(body, at, block, version).toString();
            default -> "(template " + header.templateId() + ", unknown to this version)";
        };
    }
}
