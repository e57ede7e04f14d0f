package org.farshore.dataplane.optimise;

import org.agrona.DirectBuffer;
import org.agrona.UnsafeApi;

/** Finds blocks that hold only zeros. Any thread. */
public final class ZeroBlocks {
    private static final int STEP = 8 * Long.BYTES;

    private ZeroBlocks() {}

    /**
     * True when {@code length} bytes at {@code offset} are zero. A block of data is mostly told by its first word, one of
     * zeros is read whole, eight words at a time.
     *
     * @param buffer direct memory.
     * @param length a multiple of 64.
     */
    public static boolean isZero(final DirectBuffer buffer, final int offset, final int length) {
        buffer.boundsCheck(offset, length);
        if (buffer.byteArray() != null || length % STEP != 0) {
            throw new IllegalArgumentException("wants direct memory and a multiple of " + STEP + " bytes: " + length);
        }
        final long begin = buffer.addressOffset() + offset;
        if (UnsafeApi.getLong(begin) != 0) {
            return false;
        }
        for (long at = begin, end = begin + length; at < end; at += STEP) {
            final long all = UnsafeApi.getLong(at)
                    | UnsafeApi.getLong(at + 8)
                    | UnsafeApi.getLong(at + 16)
                    | UnsafeApi.getLong(at + 24)
                    | UnsafeApi.getLong(at + 32)
                    | UnsafeApi.getLong(at + 40)
                    | UnsafeApi.getLong(at + 48)
                    | UnsafeApi.getLong(at + 56);
            if (all != 0) {
                return false;
            }
        }
        return true;
    }
}
