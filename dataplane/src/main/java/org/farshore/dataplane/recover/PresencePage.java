package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * What an overlay knows of 16,128 consecutive blocks (63 MiB of volume), in memory and as one block of the file.
 *
 * <pre>
 *   0  u32  checksum, CRC32C of everything but these four bytes
 *   4  u32  page number
 *   8  u64  id of the overlay, random
 *  16  u64  edition: 1 at the first writing, rising; 0 stands for a page that was never written
 *  24       reserved, zero
 *  64  2,016 bytes  one bit per block: the overlay holds its bytes
 *  2,080  2,016 bytes  one bit per block: the block is zeros, and nothing is read for it
 *  4,096
 * </pre>
 *
 * <p>Words of 64 bits, little-endian, bit 0 first. Page number and overlay id are under the checksum, so that a page that a
 * disk wrote to another place is not believed there. A block has at most one of its two bits.
 */
final class PresencePage {
    /** Bytes of one page on the disk. */
    static final int LENGTH = 4096;
    /** Blocks that one page tells of: two bits each fill what the header leaves. */
    static final int BLOCKS = 16_128;

    private static final int WORDS = BLOCKS / Long.SIZE;
    private static final int CHECKSUM_OFFSET = 0;
    private static final int NUMBER_OFFSET = 4;
    private static final int OVERLAY_OFFSET = 8;
    private static final int EDITION_OFFSET = 16;
    private static final int RESERVED_OFFSET = 24;
    private static final int PRESENT_OFFSET = 64;
    private static final int ZERO_OFFSET = PRESENT_OFFSET + WORDS * Long.BYTES;

    /** Which page of the overlay. */
    final int number;
    /** Newest edition that is whole on the disk. */
    long edition;
    /** Whether both copies of it are. */
    boolean twofold = true;
    /** Copy that holds it when only one does. */
    int soleCopy;
    /** How many of the copies on the disk are not whole; those of a page that was just read. */
    int tornCopies;
    /** Every copy on the disk is damaged: nothing is known of these blocks. */
    boolean damaged;
    /** Bits have changed since the page was last frozen for writing. */
    boolean dirty;
    /** A writing of this page is under way. */
    boolean frozen;
    /** The page was looked at since the clock's hand passed. */
    boolean used;

    private final long[] present = new long[WORDS];
    private final long[] zero = new long[WORDS];

    PresencePage(final int number) {
        this.number = number;
    }

    /** One of the states of {@link Presence}. */
    int state(final int block) {
        final int word = block >>> 6;
        final long bit = 1L << block;
        if ((present[word] & bit) != 0) {
            return Presence.PRESENT;
        }
        return (zero[word] & bit) != 0 ? Presence.ZERO : Presence.ABSENT;
    }

    /** How many blocks are {@link Presence#PRESENT} or {@link Presence#ZERO}. */
    int count(final int state) {
        int count = 0;
        for (final long word : state == Presence.PRESENT ? present : zero) {
            count += Long.bitCount(word);
        }
        return count;
    }

    /** First block from {@code from} on, below {@code end}, that is not in {@code state}; {@code end} when there is none. */
    int runEnd(final int from, final int end, final int state) {
        for (int block = from; block < end; block = (block | 63) + 1) {
            final long others = differing(block >>> 6, state) >>> block;
            if (others != 0) {
                return Math.min(end, block + Long.numberOfTrailingZeros(others));
            }
        }
        return end;
    }

    private long differing(final int word, final int state) {
        return switch (state) {
            case Presence.PRESENT -> ~present[word];
            case Presence.ZERO -> ~zero[word];
            default -> present[word] | zero[word];
        };
    }

    /** Puts blocks from {@code from} to before {@code end} into a state; true when that changed anything. */
    boolean set(final int from, final int end, final int state) {
        boolean changed = false;
        for (int block = from; block < end; block = (block | 63) + 1) {
            final int word = block >>> 6;
            final long mask = mask(block, end);
            final long newPresent = state == Presence.PRESENT ? present[word] | mask : present[word] & ~mask;
            final long newZero = state == Presence.ZERO ? zero[word] | mask : zero[word] & ~mask;
            changed |= newPresent != present[word] || newZero != zero[word];
            present[word] = newPresent;
            zero[word] = newZero;
        }
        return changed;
    }

    /** Bits of the blocks from {@code block} on that lie in its word and before {@code end}. */
    private static long mask(final int block, final int end) {
        final long from = -1L << block;
        final int last = Math.min(end, (block | 63) + 1) - 1;
        return from & (-1L >>> (63 - (last & 63)));
    }

    /** Writes the page as it shall stand on the disk. */
    void encode(final UnsafeBuffer buffer, final int offset, final long overlayId, final long newEdition) {
        buffer.setMemory(offset, PRESENT_OFFSET, (byte) 0);
        buffer.putInt(offset + NUMBER_OFFSET, number, LITTLE_ENDIAN);
        buffer.putLong(offset + OVERLAY_OFFSET, overlayId, LITTLE_ENDIAN);
        buffer.putLong(offset + EDITION_OFFSET, newEdition, LITTLE_ENDIAN);
        for (int word = 0; word < WORDS; word++) {
            buffer.putLong(offset + PRESENT_OFFSET + word * Long.BYTES, present[word], LITTLE_ENDIAN);
            buffer.putLong(offset + ZERO_OFFSET + word * Long.BYTES, zero[word], LITTLE_ENDIAN);
        }
        buffer.putInt(offset, Crc32c.computeAround(buffer, offset, LENGTH, CHECKSUM_OFFSET), LITTLE_ENDIAN);
    }

    /** Edition of a copy of this page on the disk: 0 when it was never written, -1 when it is not whole. */
    long editionOf(final UnsafeBuffer buffer, final int offset, final long overlayId) {
        if (isNeverWritten(buffer, offset)) {
            return 0;
        }
        final boolean whole =
                buffer.getInt(offset, LITTLE_ENDIAN) == Crc32c.computeAround(buffer, offset, LENGTH, CHECKSUM_OFFSET)
                        && buffer.getInt(offset + NUMBER_OFFSET, LITTLE_ENDIAN) == number
                        && buffer.getLong(offset + OVERLAY_OFFSET, LITTLE_ENDIAN) == overlayId
                        && buffer.getLong(offset + EDITION_OFFSET, LITTLE_ENDIAN) > 0
                        && isZero(buffer, offset + RESERVED_OFFSET, PRESENT_OFFSET - RESERVED_OFFSET);
        return whole ? buffer.getLong(offset + EDITION_OFFSET, LITTLE_ENDIAN) : -1;
    }

    static boolean isNeverWritten(final UnsafeBuffer buffer, final int offset) {
        return isZero(buffer, offset, LENGTH);
    }

    private static boolean isZero(final UnsafeBuffer buffer, final int offset, final int length) {
        for (int i = 0; i < length; i += Long.BYTES) {
            if (buffer.getLong(offset + i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Takes the bits of a whole copy. */
    void decode(final UnsafeBuffer buffer, final int offset) {
        for (int word = 0; word < WORDS; word++) {
            present[word] = buffer.getLong(offset + PRESENT_OFFSET + word * Long.BYTES, LITTLE_ENDIAN);
            zero[word] = buffer.getLong(offset + ZERO_OFFSET + word * Long.BYTES, LITTLE_ENDIAN);
        }
    }
}
