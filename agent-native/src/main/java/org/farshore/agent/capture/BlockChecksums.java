package org.farshore.agent.capture;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A keyed 64-bit checksum of each 4 KiB block of a volume: what the copy holds. Four lanes of multiply and rotate, then a
 * mix of all bits; with a random key a change stays unnoticed once in 2^64. Not against an adversary who knows the key.
 *
 * <p>The reader's thread puts, the agent's thread compares. Off the heap, 8 bytes for each block, 2 GiB for each TiB.
 */
final class BlockChecksums implements AutoCloseable {
    static final int BLOCK_LENGTH = 4096;
    /** Volumes up to 1 TiB less one page of checksums. */
    static final long BLOCKS_MAX = (Integer.MAX_VALUE - 4096L) / 8;

    /** Of a block that was not read yet; no block has it. */
    private static final long NOT_READ = 0;

    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;

    private final long key;
    private final long mappedLength;
    private final UnsafeBuffer table;

    /** For volumes of up to {@code blocks}; memory is taken when a block is noted. */
    BlockChecksums(final long key, final long blocks) {
        this.key = key;
        this.mappedLength = blocks * 8;
        this.table = new UnsafeBuffer(LinuxCalls.mapPrivate(mappedLength, "block checksums"), (int) mappedLength);
    }

    /** The copy will hold this content of the block: {@code length} bytes, less than a block only at the volume's end. */
    void note(final long block, final DirectBuffer buffer, final int offset, final int length) {
        table.putLongRelease((int) (block << 3), checksum(buffer, offset, length));
    }

    /** Nothing is known of the block. */
    void forget(final long block) {
        table.putLongRelease((int) (block << 3), NOT_READ);
    }

    /** True when the copy holds other content, or is not known to hold any. */
    boolean differs(final long block, final DirectBuffer buffer, final int offset, final int length) {
        return table.getLongVolatile((int) (block << 3)) != checksum(buffer, offset, length);
    }

    private long checksum(final DirectBuffer buffer, final int offset, final int length) {
        long a = key;
        long b = key + PRIME_1;
        long c = key ^ PRIME_2;
        long d = key - PRIME_1;
        for (int at = offset; at < offset + length; at += 32) {
            a = step(a, buffer.getLong(at));
            b = step(b, buffer.getLong(at + 8));
            c = step(c, buffer.getLong(at + 16));
            d = step(d, buffer.getLong(at + 24));
        }
        final long mixed = mix(a + mix(b + mix(c + mix(d + length))));
        return mixed == NOT_READ ? 1 : mixed;
    }

    private static long step(final long lane, final long value) {
        return Long.rotateLeft((lane ^ value) * PRIME_1, 29) * PRIME_2;
    }

    private static long mix(final long value) {
        final long x = (value ^ value >>> 33) * PRIME_2;
        final long y = (x ^ x >>> 29) * PRIME_1;
        return y ^ y >>> 32;
    }

    @Override
    public void close() {
        LinuxCalls.munmap(table.addressOffset(), mappedLength);
    }
}
