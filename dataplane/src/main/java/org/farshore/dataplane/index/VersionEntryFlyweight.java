package org.farshore.dataplane.index;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * One version of one block, in 32 bytes. Hand-written, because a lookup reads dozens of them and an append three, and
 * because the chain through the past rests on exactly these fields.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+
 *  |                        Position delta                         |   0  frame's position - base position of the page
 *  +---------------------------------------------------------------+
 *  |                            Block                              |   4  u32, of 4 KiB; or the number of a coarse node
 *  +-------------------------------+---------------+---------------+
 *  |            Volume             |  Sector mask  |     Kind      |   8
 *  +---------------+---------------+---------------+---------------+
 *  |    Extent     | Payload sector|   Exponent    |   Reserved    |  12
 *  +---------------+---------------+---------------+---------------+
 *  |                        Previous version                       |  16  id, 0 for none
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                         Jump version                          |  24  id, 0 for none
 *  |                                                               |
 *  +---------------------------------------------------------------+
 * </pre>
 *
 * <p><b>Where the bytes are:</b> frame at the position, payload from sector <i>payload sector</i> on, for the lowest sector
 * in the mask; the mask has no holes, since it comes from one extent. <i>Extent</i> is the extent's index in the batch: with
 * it any write, not only any batch, can be a moment. <b>Where the past is:</b> the version before, and the version as far back
 * as 2<sup>exponent</sup> - 1 of them (see {@link VersionAppender}).
 *
 * <p>A version of a part of a block ({@link #isPartial}) owns the next slot, too, its <i>resolution</i>: for each of the eight
 * sectors the low 32 bits of the id that holds its newest bytes, 0 for none. Without it, composing a block over which one
 * sector was rewritten a million times would be a walk of a million steps.
 *
 * <p>Two kinds are no versions. REMOVED: the number of a volume ended here, older versions under it are another volume's.
 * DAMAGE: journal that was lost, from (in place of previous) to (in place of jump).
 */
final class VersionEntryFlyweight {
    /** An empty slot. */
    static final int KIND_NONE = 0;
    /** The bytes are in the payload. */
    static final int KIND_WRITE = 1;
    /** Zeros, as written. */
    static final int KIND_ZERO = 2;
    /** Zeros, as discarded. */
    static final int KIND_DISCARD = 3;
    /** Zeros over a node of the coarse map. */
    static final int KIND_COARSE_ZERO = 4;
    /** The same by a discard. */
    static final int KIND_COARSE_DISCARD = 5;
    /** End of a volume. */
    static final int KIND_REMOVED = 6;
    /** A hole in the journal. */
    static final int KIND_DAMAGE = 7;

    /** The mask of a version of the whole block. */
    static final int WHOLE = 0xFF;
    /** Largest position delta. */
    static final long DELTA_MAX = 0xFFFF_FFFFL;

    private static final int DELTA_OFFSET = 0;
    private static final int BLOCK_OFFSET = 4;
    private static final int VOLUME_OFFSET = 8;
    private static final int MASK_OFFSET = 10;
    private static final int KIND_OFFSET = 11;
    private static final int EXTENT_OFFSET = 12;
    private static final int PAYLOAD_SECTOR_OFFSET = 13;
    private static final int EXPONENT_OFFSET = 14;
    private static final int RESERVED_OFFSET = 15;
    private static final int PREVIOUS_OFFSET = 16;
    private static final int JUMP_OFFSET = 24;

    private DirectBuffer buffer;
    private int offset;

    VersionEntryFlyweight wrap(final DirectBuffer source, final int at) {
        buffer = source;
        offset = at;
        return this;
    }

    static void putWhat(
            final MutableDirectBuffer target,
            final int at,
            final int volume,
            final int kind,
            final long block,
            final int mask,
            final int payloadSector) {
        target.putInt(at + BLOCK_OFFSET, (int) block, LITTLE_ENDIAN);
        target.putShort(at + VOLUME_OFFSET, (short) volume, LITTLE_ENDIAN);
        target.putByte(at + MASK_OFFSET, (byte) mask);
        target.putByte(at + KIND_OFFSET, (byte) kind);
        target.putByte(at + PAYLOAD_SECTOR_OFFSET, (byte) payloadSector);
        target.putByte(at + RESERVED_OFFSET, (byte) 0);
    }

    static void putWhere(final MutableDirectBuffer target, final int at, final long delta, final int extent) {
        target.putInt(at + DELTA_OFFSET, (int) delta, LITTLE_ENDIAN);
        target.putByte(at + EXTENT_OFFSET, (byte) extent);
    }

    static void putPast(
            final MutableDirectBuffer target, final int at, final int exponent, final long previous, final long jump) {
        target.putByte(at + EXPONENT_OFFSET, (byte) exponent);
        target.putLong(at + PREVIOUS_OFFSET, previous, LITTLE_ENDIAN);
        target.putLong(at + JUMP_OFFSET, jump, LITTLE_ENDIAN);
    }

    static void putResolution(final MutableDirectBuffer target, final int at, final int sector, final long id) {
        target.putInt(at + VersionIds.SLOT_LENGTH + sector * Integer.BYTES, (int) id, LITTLE_ENDIAN);
    }

    long positionDelta() {
        return buffer.getInt(offset + DELTA_OFFSET, LITTLE_ENDIAN) & DELTA_MAX;
    }

    /** Number of the block, or of the coarse node. */
    long block() {
        return buffer.getInt(offset + BLOCK_OFFSET, LITTLE_ENDIAN) & 0xFFFF_FFFFL;
    }

    int volume() {
        return buffer.getShort(offset + VOLUME_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
    }

    /** Bit s: sector s of the block is part of this version. */
    int mask() {
        return buffer.getByte(offset + MASK_OFFSET) & 0xFF;
    }

    /** One of the KIND constants. */
    int kind() {
        return buffer.getByte(offset + KIND_OFFSET) & 0xFF;
    }

    /** Index of the extent in its batch. */
    int extent() {
        return buffer.getByte(offset + EXTENT_OFFSET) & 0xFF;
    }

    /** Where in the payload, in sectors, the lowest sector of the mask is. */
    int payloadSector() {
        return buffer.getByte(offset + PAYLOAD_SECTOR_OFFSET) & 0xFF;
    }

    /** The jump goes over 2^exponent - 1 versions. */
    int exponent() {
        return buffer.getByte(offset + EXPONENT_OFFSET) & 0xFF;
    }

    long previous() {
        return buffer.getLong(offset + PREVIOUS_OFFSET, LITTLE_ENDIAN);
    }

    long jump() {
        return buffer.getLong(offset + JUMP_OFFSET, LITTLE_ENDIAN);
    }

    /** Low bits of the id with the newest bytes of a sector; only of a partial version. */
    int resolution(final int sector) {
        return buffer.getInt(offset + VersionIds.SLOT_LENGTH + sector * Integer.BYTES, LITTLE_ENDIAN);
    }

    boolean isBlockVersion() {
        return kind() >= KIND_WRITE && kind() <= KIND_DISCARD;
    }

    boolean isCoarse() {
        return isCoarse(kind());
    }

    static boolean isCoarse(final int kind) {
        return kind == KIND_COARSE_ZERO || kind == KIND_COARSE_DISCARD;
    }

    /** True when the next slot is this version's resolution. */
    boolean isPartial() {
        return isBlockVersion() && mask() != WHOLE;
    }

    /** Slots that this entry takes. */
    int slots() {
        return isPartial() ? 2 : 1;
    }
}
