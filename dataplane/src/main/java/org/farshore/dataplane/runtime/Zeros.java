package org.farshore.dataplane.runtime;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;

/** One piece of memory full of zeros for everybody who writes zeros to a file; any thread. */
public final class Zeros {
    /** Most bytes at once. */
    public static final int LENGTH_MAX = 1 << 20;

    private static final int ALIGNMENT = 4096;
    private static final ByteBuffer BYTES =
            BufferUtil.allocateDirectAligned(LENGTH_MAX, ALIGNMENT).asReadOnlyBuffer();

    private Zeros() {}

    /** A read-only view of so many zero bytes, at most {@link #LENGTH_MAX}, aligned for direct I/O; allocates the view. */
    public static ByteBuffer of(final long length) {
        return BYTES.duplicate().limit((int) Math.min(length, LENGTH_MAX));
    }
}
