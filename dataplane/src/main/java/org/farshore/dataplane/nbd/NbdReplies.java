package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Encodes replies of the transmission phase onto the wire's buffer. One thread. */
final class NbdReplies {
    private final NbdWire wire;
    private final boolean structured;
    private long errors;

    NbdReplies(final NbdWire wire, final boolean structured) {
        this.wire = wire;
        this.structured = structured;
    }

    boolean isStructured() {
        return structured;
    }

    /** Errors answered since the last call. */
    long takeErrors() {
        final long taken = errors;
        errors = 0;
        return taken;
    }

    /** Done, nothing to say: a simple reply, which every client understands for every command but reads. */
    void done(final NbdRequest request) throws IOException {
        simpleHeader(wire.room(NbdProtocol.SIMPLE_REPLY_LENGTH), request, 0);
    }

    /** What the outcome of a call says, for commands without content. */
    void outcome(final NbdRequest request, final NbdOutcome outcome) throws IOException {
        if (outcome.isGood()) {
            done(request);
        } else {
            failed(request, outcome);
        }
    }

    /** Refused before anything was done: an error that belongs to no byte. */
    void refused(final NbdRequest request, final NbdError error, final String why) throws IOException {
        errors++;
        if (!structured) {
            simpleHeader(wire.room(NbdProtocol.SIMPLE_REPLY_LENGTH), request, error.number());
            return;
        }
        final byte[] text = text(why);
        final ByteBuffer out = wire.room(NbdProtocol.CHUNK_HEADER_LENGTH + 6 + text.length);
        chunkHeader(out, request, NbdProtocol.CHUNK_DONE, NbdProtocol.CHUNK_ERROR, 6 + text.length);
        out.putInt(error.number()).putShort((short) text.length).put(text);
    }

    /** Failed at a byte. Ends the reply. */
    void failed(final NbdRequest request, final NbdOutcome outcome) throws IOException {
        final boolean inside = outcome.offset() >= request.offset && outcome.offset() - request.offset < request.length;
        if (!structured || !inside) {
            refused(request, outcome.error(), outcome.message());
            return;
        }
        errors++;
        final byte[] text = text(outcome.message());
        final ByteBuffer out = wire.room(NbdProtocol.CHUNK_HEADER_LENGTH + 14 + text.length);
        chunkHeader(out, request, NbdProtocol.CHUNK_DONE, NbdProtocol.CHUNK_ERROR_OFFSET, 14 + text.length);
        out.putInt(outcome.error().number())
                .putShort((short) text.length)
                .put(text)
                .putLong(outcome.offset());
    }

    static void simpleHeader(final ByteBuffer out, final NbdRequest request, final int error) {
        out.putInt(NbdProtocol.SIMPLE_REPLY_MAGIC).putInt(error).putLong(request.cookie);
    }

    static void chunkHeader(
            final ByteBuffer out, final NbdRequest request, final int flags, final int type, final int length) {
        out.putInt(NbdProtocol.CHUNK_MAGIC).putShort((short) flags).putShort((short) type);
        out.putLong(request.cookie).putInt(length);
    }

    private static byte[] text(final String message) {
        final int length = Math.min(message.length(), NbdLimits.MESSAGE_LENGTH_MAX);
        return message.substring(0, length).getBytes(StandardCharsets.UTF_8);
    }
}
