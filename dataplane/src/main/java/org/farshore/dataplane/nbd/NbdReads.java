package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Answers reads. Bytes are read from the export straight into the wire's buffer, behind a header that is already there; when
 * the read fails, the header is taken back. So no client ever gets a byte that the export did not vouch for.
 *
 * <p>With structured replies a read becomes chunks: one for each hole, and one for each piece of data, so that the client
 * takes the first while the second is read. A failed piece ends the reply with an error that names the byte. With simple
 * replies there is one header for all; up to 1 MiB is read before it goes out. Longer ones (no client we know sends them)
 * can fail behind it, and then the connection ends, as the protocol demands.
 */
final class NbdReads {
    private static final int DATA_HEADER_LENGTH = NbdProtocol.CHUNK_HEADER_LENGTH + 8;
    private static final int HOLE_LENGTH = NbdProtocol.CHUNK_HEADER_LENGTH + 12;
    /** A piece this long leaves at once, instead of waiting for company. */
    private static final int SENT_AT_ONCE_LENGTH_MIN = NbdLimits.PIECE_LENGTH / 2;

    private final NbdWire wire;
    private final NbdReplies replies;
    private final NbdAccess access;
    private final boolean sparse;
    private final NbdExtents extents;
    private final NbdOutcome outcome = new NbdOutcome();

    NbdReads(
            final NbdWire wire,
            final NbdReplies replies,
            final NbdAccess access,
            final boolean sparse,
            final NbdExtents extents) {
        this.wire = wire;
        this.replies = replies;
        this.access = access;
        this.sparse = sparse;
        this.extents = extents;
    }

    /** Answers a read that was checked; returns the bytes of data sent. */
    long serve(final NbdRequest request) throws IOException {
        outcome.reset();
        if (!replies.isStructured()) {
            return simple(request);
        }
        if (request.length == 0) {
            final ByteBuffer out = wire.room(NbdProtocol.CHUNK_HEADER_LENGTH);
            NbdReplies.chunkHeader(out, request, NbdProtocol.CHUNK_DONE, NbdProtocol.CHUNK_NONE, 0);
            return 0;
        }
        if (request.has(NbdProtocol.CMD_FLAG_DF)) {
            return data(request, request.offset, request.length, NbdLimits.WHOLE_READ_LENGTH_MAX);
        }
        return sparse && request.length >= NbdLimits.SPARSE_READ_LENGTH_MIN
                ? byExtents(request)
                : data(request, request.offset, request.length, NbdLimits.PIECE_LENGTH);
    }

    private long byExtents(final NbdRequest request) throws IOException {
        extents.begin(request.length, NbdLimits.EXTENT_COUNT_MAX);
        access.blockStatus(request.offset, request.length, extents, outcome);
        // Without an answer all is data; the read itself will say what is wrong.
        final int count = outcome.isGood() ? extents.count() : 0;
        outcome.reset();
        long at = request.offset;
        long sent = 0;
        for (int i = 0; i < count && outcome.isGood(); i++) {
            final long length = extents.length(i);
            if ((extents.state(i) & NbdExtents.ZERO) != 0) {
                hole(request, at, (int) length);
            } else {
                sent += data(request, at, length, NbdLimits.PIECE_LENGTH);
            }
            at += length;
        }
        final long left = request.offset + request.length - at;
        return outcome.isGood() && left > 0 ? sent + data(request, at, left, NbdLimits.PIECE_LENGTH) : sent;
    }

    private void hole(final NbdRequest request, final long at, final int length) throws IOException {
        final ByteBuffer out = wire.room(HOLE_LENGTH);
        NbdReplies.chunkHeader(out, request, doneFlag(request, at + length), NbdProtocol.CHUNK_OFFSET_HOLE, 12);
        out.putLong(at).putInt(length);
    }

    /** Data chunks for a part of the request, in pieces; ends the reply with an error when one fails. */
    private long data(final NbdRequest request, final long offset, final long length, final int pieceMax)
            throws IOException {
        final long end = offset + length;
        long at = offset;
        while (at < end) {
            final int piece = (int) Math.min(end - at, pieceMax);
            final ByteBuffer out = wire.room(DATA_HEADER_LENGTH + piece);
            final int begin = out.position();
            NbdReplies.chunkHeader(
                    out, request, doneFlag(request, at + piece), NbdProtocol.CHUNK_OFFSET_DATA, 8 + piece);
            out.putLong(at);
            fill(out, at, piece);
            if (!outcome.isGood()) {
                out.position(begin);
                replies.failed(request, outcome);
                break;
            }
            at += piece;
            if (piece >= SENT_AT_ONCE_LENGTH_MIN) {
                wire.flush();
            }
        }
        return at - offset;
    }

    private long simple(final NbdRequest request) throws IOException {
        long at = request.offset;
        final long end = at + request.length;
        do {
            final boolean first = at == request.offset;
            final int piece = (int) Math.min(end - at, NbdLimits.WHOLE_READ_LENGTH_MAX);
            final ByteBuffer out = wire.room(NbdProtocol.SIMPLE_REPLY_LENGTH + piece);
            final int begin = out.position();
            if (first) {
                NbdReplies.simpleHeader(out, request, 0);
            }
            fill(out, at, piece);
            if (!outcome.isGood()) {
                out.position(begin);
                if (!first) {
                    throw new NbdDisconnect(NbdCloseReason.READ_FAILED, outcome.message());
                }
                replies.failed(request, outcome);
                return 0;
            }
            at += piece;
        } while (at < end);
        return request.length;
    }

    private void fill(final ByteBuffer out, final long at, final int length) {
        final int end = out.position() + length;
        out.limit(end);
        access.read(at, out, outcome);
        final boolean full = out.position() == end;
        out.limit(out.capacity());
        if (outcome.isGood() && !full) {
            throw new IllegalStateException("an export left a read of " + length + " bytes at " + at + " unfinished");
        }
    }

    private static int doneFlag(final NbdRequest request, final long end) {
        return end == request.offset + request.length ? NbdProtocol.CHUNK_DONE : 0;
    }
}
