package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The transmission phase of one connection: takes requests in the order in which they came, serves each to its end and
 * answers it. A client that wants more than one at a time at the disk opens more connections; most do, when the export says
 * that its connections are coherent.
 *
 * <p>Nothing is allocated for a request that succeeds.
 */
final class NbdSession {
    private static final int BLOCK_LENGTH = 4096;

    private final NbdWire wire;
    private final NbdAgreement agreed;
    private final NbdAccess access;
    private final NbdExtents extents;
    private final NbdTally tally;
    private final NbdRequest request = new NbdRequest();
    private final NbdOutcome outcome = new NbdOutcome();
    private final NbdReplies replies;
    private final NbdReads reads;
    private volatile boolean finishing;

    NbdSession(
            final NbdWire wire,
            final NbdAgreement agreed,
            final NbdAccess access,
            final NbdExtents extents,
            final NbdTally tally) {
        this.wire = wire;
        this.agreed = agreed;
        this.access = access;
        this.extents = extents;
        this.tally = tally;
        replies = new NbdReplies(wire, agreed.structuredReplies());
        reads = new NbdReads(wire, replies, access, agreed.export().knowsHoles(), extents);
    }

    /** From now on requests are refused with ESHUTDOWN. Any thread. */
    void finish() {
        finishing = true;
    }

    /** Serves until the client is done or gone; returns which of the two. */
    NbdCloseReason run() throws IOException {
        while (hasMore()) {
            wire.require(NbdProtocol.REQUEST_LENGTH);
            if (!request.decode(wire.in())) {
                throw new NbdDisconnect(NbdCloseReason.PROTOCOL, "a request without its magic number");
            }
            if (request.type == NbdProtocol.CMD_DISC) {
                wire.flush();
                return NbdCloseReason.DONE;
            }
            serve();
            tally.request(replies.takeErrors());
        }
        return NbdCloseReason.LOST;
    }

    private boolean hasMore() throws IOException {
        if (!wire.in().hasRemaining()) {
            tally.publish();
        }
        return wire.awaitMore();
    }

    private void serve() throws IOException {
        if (request.type == NbdProtocol.CMD_WRITE && request.length > NbdLimits.PAYLOAD_LENGTH_MAX) {
            throw new NbdDisconnect(NbdCloseReason.OVERSIZE, "a write of " + request.length + " bytes");
        }
        final NbdError error = finishing ? NbdError.ESHUTDOWN : request.check(agreed);
        if (error != null) {
            if (request.type == NbdProtocol.CMD_WRITE) {
                wire.skip(request.length);
            }
            replies.refused(request, error, finishing ? "the export is being taken away" : request.refusal());
            return;
        }
        outcome.reset();
        switch (request.type) {
            case NbdProtocol.CMD_READ -> tally.read(reads.serve(request));
            case NbdProtocol.CMD_WRITE -> write();
            case NbdProtocol.CMD_FLUSH -> {
                access.flush(outcome);
                replies.outcome(request, outcome);
            }
            case NbdProtocol.CMD_TRIM -> {
                if (request.length > 0) {
                    access.trim(request.offset, request.length, outcome);
                }
                endChange();
            }
            case NbdProtocol.CMD_WRITE_ZEROES -> {
                if (request.length > 0) {
                    final boolean mayLeaveHole = !request.has(NbdProtocol.CMD_FLAG_NO_HOLE);
                    access.writeZeroes(request.offset, request.length, mayLeaveHole, outcome);
                }
                endChange();
            }
            case NbdProtocol.CMD_BLOCK_STATUS -> blockStatus();
            default -> throw new IllegalStateException("command " + request.type + " passed the check");
        }
    }

    /**
     * A payload that fits the buffer goes to the export as it lies there; a longer one in pieces that end at multiples of
     * 4 KiB. After a failure the rest is received and dropped, so that the next request is found.
     */
    private void write() throws IOException {
        long at = request.offset;
        final long end = at + request.length;
        while (at < end) {
            final int untilAligned = NbdLimits.PIECE_LENGTH - (int) (at & (BLOCK_LENGTH - 1));
            final int piece = (int) Math.min(end - at, untilAligned);
            wire.require(piece);
            final ByteBuffer in = wire.in();
            final int limit = in.limit();
            final int pieceEnd = in.position() + piece;
            if (outcome.isGood()) {
                in.limit(pieceEnd);
                access.write(at, in, outcome);
                if (outcome.isGood() && in.position() != pieceEnd) {
                    throw new IllegalStateException("an export left a write of " + piece + " bytes unfinished");
                }
            }
            in.limit(limit).position(pieceEnd);
            at += piece;
        }
        tally.written(outcome.isGood() ? request.length : 0);
        endChange();
    }

    private void endChange() throws IOException {
        if (outcome.isGood() && request.has(NbdProtocol.CMD_FLAG_FUA)) {
            access.flush(outcome);
        }
        replies.outcome(request, outcome);
    }

    private void blockStatus() throws IOException {
        extents.begin(request.length, request.has(NbdProtocol.CMD_FLAG_REQ_ONE) ? 1 : NbdLimits.EXTENT_COUNT_MAX);
        if (agreed.export().knowsHoles()) {
            access.blockStatus(request.offset, request.length, extents, outcome);
        } else {
            extents.add(request.length, 0);
        }
        if (!outcome.isGood()) {
            replies.failed(request, outcome);
            return;
        }
        final int count = extents.count();
        if (count == 0) {
            throw new IllegalStateException("an export says nothing of " + request.length + " bytes");
        }
        final int length = 4 + 8 * count;
        final ByteBuffer out = wire.room(NbdProtocol.CHUNK_HEADER_LENGTH + length);
        NbdReplies.chunkHeader(out, request, NbdProtocol.CHUNK_DONE, NbdProtocol.CHUNK_BLOCK_STATUS, length);
        out.putInt(NbdProtocol.CONTEXT_ALLOCATION_ID);
        for (int i = 0; i < count; i++) {
            out.putInt((int) extents.length(i)).putInt(extents.state(i));
        }
    }
}
