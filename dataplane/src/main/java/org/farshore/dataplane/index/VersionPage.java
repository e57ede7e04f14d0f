package org.farshore.dataplane.index;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * The header of a page of 4 KiB in a version file; 127 slots of 32 bytes follow it. A page is the unit of writing, of
 * checking and of reading from a disk.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+
 *  |                           Checksum                            |   0  CRC32C of the page but these four bytes
 *  +---------------+---------------+-------------------------------+
 *  |    Version    |     Flags     |             Used              |   4  slots in use, this header included
 *  +---------------+---------------+-------------------------------+
 *  |                            Page id                            |   8  what this slot's version id would be
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                         Base position                         |  16  u64, of the first entry's frame
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                            Stream                             |  24  CRC32C of the machine id
 *  +---------------------------------------------------------------+
 *  |                   Checksum of the page before                 |  28
 *  +---------------------------------------------------------------+
 * </pre>
 *
 * <p>Page id and stream say where the page belongs: a misdirected page, or one left over from an earlier use of a file, is
 * refused. The checksum of the page before makes all pages one chain: a page whose newest writing never reached the disk, and
 * which shows an older self in its place, is valid by itself but breaks the chain. Only a SEALED page has a successor.
 */
final class VersionPage {
    static final int VERSION = 1;
    /** Flag: no entry is added any more. */
    static final int FLAG_SEALED = 1;

    private static final int CHECKSUM_OFFSET = 0;
    private static final int VERSION_OFFSET = 4;
    private static final int FLAGS_OFFSET = 5;
    private static final int USED_OFFSET = 6;
    private static final int PAGE_ID_OFFSET = 8;
    private static final int BASE_POSITION_OFFSET = 16;
    private static final int STREAM_OFFSET = 24;
    private static final int PREVIOUS_CHECKSUM_OFFSET = 28;

    private VersionPage() {}

    /** Empties the page and begins it. */
    static void begin(
            final MutableDirectBuffer buffer,
            final int page,
            final long pageId,
            final long basePosition,
            final int stream,
            final int previousChecksum) {
        buffer.setMemory(page, VersionIds.PAGE_LENGTH, (byte) 0);
        buffer.putByte(page + VERSION_OFFSET, (byte) VERSION);
        buffer.putShort(page + USED_OFFSET, (short) 1, LITTLE_ENDIAN);
        buffer.putLong(page + PAGE_ID_OFFSET, pageId, LITTLE_ENDIAN);
        buffer.putLong(page + BASE_POSITION_OFFSET, basePosition, LITTLE_ENDIAN);
        buffer.putInt(page + STREAM_OFFSET, stream, LITTLE_ENDIAN);
        buffer.putInt(page + PREVIOUS_CHECKSUM_OFFSET, previousChecksum, LITTLE_ENDIAN);
    }

    /** Writes what changes at the end of a page's filling, or at a checkpoint; returns the checksum. */
    static int finish(final MutableDirectBuffer buffer, final int page, final int used, final boolean sealed) {
        buffer.putByte(page + FLAGS_OFFSET, (byte) (sealed ? FLAG_SEALED : 0));
        buffer.putShort(page + USED_OFFSET, (short) used, LITTLE_ENDIAN);
        final int checksum = computeChecksum(buffer, page);
        buffer.putInt(page + CHECKSUM_OFFSET, checksum, LITTLE_ENDIAN);
        return checksum;
    }

    /** Forgets the entries from slot {@code used} on. */
    static void cut(final MutableDirectBuffer buffer, final int page, final int used) {
        final int from = used * VersionIds.SLOT_LENGTH;
        buffer.setMemory(page + from, VersionIds.PAGE_LENGTH - from, (byte) 0);
        finish(buffer, page, used, false);
    }

    /** True when the page is whole and belongs exactly here. */
    static boolean isValid(final DirectBuffer buffer, final int page, final long pageId, final int stream) {
        return buffer.getLong(page + PAGE_ID_OFFSET, LITTLE_ENDIAN) == pageId
                && buffer.getByte(page + VERSION_OFFSET) == VERSION
                && buffer.getInt(page + STREAM_OFFSET, LITTLE_ENDIAN) == stream
                && used(buffer, page) >= 1
                && used(buffer, page) <= VersionIds.SLOTS_PER_PAGE
                && checksum(buffer, page) == computeChecksum(buffer, page);
    }

    private static int computeChecksum(final DirectBuffer buffer, final int page) {
        return Crc32c.computeAround(buffer, page, VersionIds.PAGE_LENGTH, CHECKSUM_OFFSET);
    }

    static int checksum(final DirectBuffer buffer, final int page) {
        return buffer.getInt(page + CHECKSUM_OFFSET, LITTLE_ENDIAN);
    }

    static int previousChecksum(final DirectBuffer buffer, final int page) {
        return buffer.getInt(page + PREVIOUS_CHECKSUM_OFFSET, LITTLE_ENDIAN);
    }

    /** Slots in use, the header's included; of the page being filled only as of the last checkpoint. */
    static int used(final DirectBuffer buffer, final int page) {
        return buffer.getShort(page + USED_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
    }

    static boolean isSealed(final DirectBuffer buffer, final int page) {
        return (buffer.getByte(page + FLAGS_OFFSET) & FLAG_SEALED) != 0;
    }

    /** Position that the deltas of the page's entries are added to. */
    static long basePosition(final DirectBuffer buffer, final int page) {
        return buffer.getLong(page + BASE_POSITION_OFFSET, LITTLE_ENDIAN);
    }
}
