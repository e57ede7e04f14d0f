package org.farshore.dataplane.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the data of one option, which may claim anything: once a length leads beyond the option's end, or a string is no
 * UTF-8, the data is bad and stays so, and every further read gives an empty value.
 */
final class NbdOptionData {
    private final ByteBuffer in;
    private final int end;
    private boolean bad;

    /** Reads from the buffer's position on; {@code length} bytes are there. */
    NbdOptionData(final ByteBuffer in, final int length) {
        this.in = in;
        end = in.position() + length;
    }

    int u16() {
        return has(2) ? in.getShort() & 0xFFFF : 0;
    }

    long u32() {
        return has(4) ? in.getInt() & 0xFFFFFFFFL : 0;
    }

    /** A string with its length in front. */
    String text() {
        return text(u32());
    }

    /** All that is left, as a string. */
    String rest() {
        return text(end - in.position());
    }

    private String text(final long length) {
        if (length > NbdProtocol.STRING_LENGTH_MAX || !has(length)) {
            bad = true;
            return "";
        }
        final byte[] bytes = new byte[(int) length];
        in.get(bytes);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (final CharacterCodingException e) {
            bad = true;
            return "";
        }
    }

    private boolean has(final long length) {
        bad |= length > end - in.position();
        return !bad;
    }

    /** True when all was well formed and nothing is left. */
    boolean isWhole() {
        return !bad && in.position() == end;
    }

    /** Goes to the end of the option, whatever was read of it. */
    void leave() {
        in.position(end);
    }
}
