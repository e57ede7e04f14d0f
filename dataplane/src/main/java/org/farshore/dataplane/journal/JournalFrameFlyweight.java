package org.farshore.dataplane.journal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * The frame of the journal, over direct memory. Hand-written, because it must be readable without knowing the schema of its
 * body, and because the rules for a torn tail rest on exactly these fields.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+
 *  |                            Length                             |   0  header and body, without alignment
 *  +---------------+---------------+-------------------------------+
 *  |    Version    |     Type      |             Flags             |   4
 *  +---------------+---------------+-------------------------------+
 *  |                           Checksum                            |   8  CRC32C of everything but these four bytes
 *  +---------------------------------------------------------------+
 *  |                      Offset in segment                        |  12
 *  +---------------------------------------------------------------+
 *  |                        Segment number                         |  16  u64, never reused
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                          Machine id                           |  24  high u64, low u64
 *  |                                                               |
 *  |                                                               |
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                             Life                              |  40  u64, random at every opening of the writer
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                       Durable position                        |  48  u64, end of the group before: synced
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                          Generation                           |  56
 *  +---------------------------------------------------------------+
 *  |                          Incarnation                          |  60
 *  +---------------------------------------------------------------+
 *  |                        First sequence                         |  64  u64
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                         END sequence                          |  72  u64, newest END at or before this frame's end
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                       Capture position                        |  80  u64, behind that END
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                         Capture time                          |  88  u64, ns, source's CLOCK_MONOTONIC
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |                         Record count                          |  96
 *  +---------------------------------------------------------------+
 *  |                      Reserved, zero (28)                      | 100
 *  +---------------------------------------------------------------+
 *  |                             Body ...                          | 128
 * </pre>
 *
 * <p>Length, version and type come first, so that any version can be stepped over. The checksum covers header, body and the
 * zeros up to the next multiple of 32: no byte of a group is outside a checksum. <b>Identity:</b> segment number and offset
 * say where the frame belongs (a misdirected or recycled one is refused there), machine says whose it is, life says which
 * opening of the journal wrote it: in one life no place is written twice, so place and life name the origin of every byte.
 * <b>Durable position</b> is not sampled: a group is written only after the one before it was synced, so every frame names
 * the end of the group before its own. {@link JournalRecovery} builds on that.
 *
 * <p>A <b>group</b> is what one sync makes durable: it begins on a multiple of 4096 with a frame flagged FIRST and ends with
 * a PAD frame on a multiple of 4096; all its frames have the same life and durable position.
 */
public final class JournalFrameFlyweight {
    /** Bytes before the body. */
    public static final int HEADER_LENGTH = 128;
    /** The version written. */
    public static final int VERSION = 1;
    /** Body: a record message of the replication schema, as received. */
    public static final int TYPE_STREAM = 1;
    /** Body: Incarnation of the journal schema. */
    public static final int TYPE_INCARNATION = 2;
    /** Body: a record message without its payload, which is in the replica volume, synced. */
    public static final int TYPE_COPIED = 3;
    /** Body: zeros; ends a group on a block. */
    public static final int TYPE_PAD = 4;
    /** Flag: first frame of a group. */
    public static final int FLAG_FIRST = 1;

    private static final int LENGTH_OFFSET = 0;
    private static final int VERSION_OFFSET = 4;
    private static final int TYPE_OFFSET = 5;
    private static final int FLAGS_OFFSET = 6;
    private static final int CHECKSUM_OFFSET = 8;
    private static final int SEGMENT_OFFSET_OFFSET = 12;
    private static final int SEGMENT_NUMBER_OFFSET = 16;
    private static final int MACHINE_HIGH_OFFSET = 24;
    private static final int MACHINE_LOW_OFFSET = 32;
    private static final int LIFE_OFFSET = 40;
    private static final int DURABLE_POSITION_OFFSET = 48;
    private static final int GENERATION_OFFSET = 56;
    private static final int INCARNATION_OFFSET = 60;
    private static final int FIRST_SEQUENCE_OFFSET = 64;
    private static final int END_SEQUENCE_OFFSET = 72;
    private static final int CAPTURE_POSITION_OFFSET = 80;
    private static final int CAPTURE_TIME_OFFSET = 88;
    private static final int RECORD_COUNT_OFFSET = 96;
    private static final int RESERVED_OFFSET = 100;

    private final UnsafeBuffer header = new UnsafeBuffer(0, 0);

    /** Lays the flyweight over the frame at {@code offset}; {@link #HEADER_LENGTH} bytes must be there. */
    public JournalFrameFlyweight wrap(final DirectBuffer buffer, final int offset) {
        header.wrap(buffer, offset, HEADER_LENGTH);
        return this;
    }

    /** Zeroes the header and writes length, version, type and flags. */
    void init(final int type, final int flags, final int bodyLength) {
        header.setMemory(0, HEADER_LENGTH, (byte) 0);
        header.putInt(LENGTH_OFFSET, HEADER_LENGTH + bodyLength, LITTLE_ENDIAN);
        header.putByte(VERSION_OFFSET, (byte) VERSION);
        header.putByte(TYPE_OFFSET, (byte) type);
        header.putShort(FLAGS_OFFSET, (short) flags, LITTLE_ENDIAN);
    }

    /** Writes where the frame stands and who wrote it. */
    void place(final long segmentNumber, final int segmentOffset, final long life, final long durablePosition) {
        header.putInt(SEGMENT_OFFSET_OFFSET, segmentOffset, LITTLE_ENDIAN);
        header.putLong(SEGMENT_NUMBER_OFFSET, segmentNumber, LITTLE_ENDIAN);
        header.putLong(LIFE_OFFSET, life, LITTLE_ENDIAN);
        header.putLong(DURABLE_POSITION_OFFSET, durablePosition, LITTLE_ENDIAN);
    }

    void machine(final long high, final long low) {
        header.putLong(MACHINE_HIGH_OFFSET, high, LITTLE_ENDIAN);
        header.putLong(MACHINE_LOW_OFFSET, low, LITTLE_ENDIAN);
    }

    void connection(final int generation, final int incarnation) {
        header.putInt(GENERATION_OFFSET, generation, LITTLE_ENDIAN);
        header.putInt(INCARNATION_OFFSET, incarnation, LITTLE_ENDIAN);
    }

    void records(final long firstSequence, final int recordCount, final long endSequence) {
        header.putLong(FIRST_SEQUENCE_OFFSET, firstSequence, LITTLE_ENDIAN);
        header.putLong(END_SEQUENCE_OFFSET, endSequence, LITTLE_ENDIAN);
        header.putInt(RECORD_COUNT_OFFSET, recordCount, LITTLE_ENDIAN);
    }

    void capture(final long capturePosition, final long captureTimeNs) {
        header.putLong(CAPTURE_POSITION_OFFSET, capturePosition, LITTLE_ENDIAN);
        header.putLong(CAPTURE_TIME_OFFSET, captureTimeNs, LITTLE_ENDIAN);
    }

    /** Zeroes the alignment behind the body and seals the frame at {@code offset} with its checksum. */
    void seal(final MutableDirectBuffer buffer, final int offset) {
        final int aligned = alignedLength();
        buffer.setMemory(offset + length(), aligned - length(), (byte) 0);
        header.putInt(CHECKSUM_OFFSET, Crc32c.computeAround(buffer, offset, aligned, CHECKSUM_OFFSET), LITTLE_ENDIAN);
    }

    /**
     * True when the frame at {@code offset} is whole and belongs exactly there. Never reads beyond {@code available} bytes.
     */
    boolean isValidAt(
            final DirectBuffer buffer,
            final int offset,
            final int available,
            final long segmentNumber,
            final int segmentOffset) {
        return isWholeAt(buffer, offset, available, segmentNumber, segmentOffset)
                && version() == VERSION
                && type() >= TYPE_STREAM
                && type() <= TYPE_PAD
                && reservedIsZero()
                && isSealed(buffer, offset);
    }

    /** True when a whole frame stands exactly there that a newer version wrote: its place and its checksum are right. */
    boolean isNewerAt(
            final DirectBuffer buffer,
            final int offset,
            final int available,
            final long segmentNumber,
            final int segmentOffset) {
        return isWholeAt(buffer, offset, available, segmentNumber, segmentOffset)
                && version() > VERSION
                && isSealed(buffer, offset);
    }

    private boolean isWholeAt(
            final DirectBuffer buffer,
            final int offset,
            final int available,
            final long segmentNumber,
            final int segmentOffset) {
        if (available < HEADER_LENGTH) {
            return false;
        }
        wrap(buffer, offset);
        if (header.getInt(SEGMENT_OFFSET_OFFSET, LITTLE_ENDIAN) != segmentOffset || segmentNumber() != segmentNumber) {
            return false;
        }
        final int length = length();
        return length >= HEADER_LENGTH
                && length <= HEADER_LENGTH + JournalLimits.BODY_LENGTH_MAX
                && alignedLength() <= available;
    }

    private boolean isSealed(final DirectBuffer buffer, final int offset) {
        return header.getInt(CHECKSUM_OFFSET, LITTLE_ENDIAN)
                == Crc32c.computeAround(buffer, offset, alignedLength(), CHECKSUM_OFFSET);
    }

    private boolean reservedIsZero() {
        return header.getInt(RESERVED_OFFSET) == 0
                && header.getLong(RESERVED_OFFSET + 4) == 0
                && header.getLong(RESERVED_OFFSET + 12) == 0
                && header.getLong(RESERVED_OFFSET + 20) == 0;
    }

    /** Header and body, without alignment. */
    public int length() {
        return header.getInt(LENGTH_OFFSET, LITTLE_ENDIAN);
    }

    /** What the frame takes in its group. */
    public int alignedLength() {
        return BitUtil.align(length(), JournalLimits.FRAME_ALIGNMENT);
    }

    public int bodyLength() {
        return length() - HEADER_LENGTH;
    }

    public int version() {
        return header.getByte(VERSION_OFFSET) & 0xFF;
    }

    /** One of the TYPE constants. */
    public int type() {
        return header.getByte(TYPE_OFFSET) & 0xFF;
    }

    /** True for the frame that begins a group. */
    public boolean isFirst() {
        return (header.getShort(FLAGS_OFFSET, LITTLE_ENDIAN) & FLAG_FIRST) != 0;
    }

    public int checksum() {
        return header.getInt(CHECKSUM_OFFSET, LITTLE_ENDIAN);
    }

    /** Offset of the frame in its segment. */
    public int segmentOffset() {
        return header.getInt(SEGMENT_OFFSET_OFFSET, LITTLE_ENDIAN);
    }

    public long segmentNumber() {
        return header.getLong(SEGMENT_NUMBER_OFFSET, LITTLE_ENDIAN);
    }

    public long machineIdHigh() {
        return header.getLong(MACHINE_HIGH_OFFSET, LITTLE_ENDIAN);
    }

    public long machineIdLow() {
        return header.getLong(MACHINE_LOW_OFFSET, LITTLE_ENDIAN);
    }

    /** Random number of the opening of the journal that wrote this frame. */
    public long life() {
        return header.getLong(LIFE_OFFSET, LITTLE_ENDIAN);
    }

    /** End of the group before this frame's group: everything below was synced when this frame was written. */
    public long durablePosition() {
        return header.getLong(DURABLE_POSITION_OFFSET, LITTLE_ENDIAN);
    }

    public int generation() {
        return header.getInt(GENERATION_OFFSET, LITTLE_ENDIAN);
    }

    public int incarnation() {
        return header.getInt(INCARNATION_OFFSET, LITTLE_ENDIAN);
    }

    public long firstSequence() {
        return header.getLong(FIRST_SEQUENCE_OFFSET, LITTLE_ENDIAN);
    }

    public int recordCount() {
        return header.getInt(RECORD_COUNT_OFFSET, LITTLE_ENDIAN);
    }

    /** Newest END at or before the end of this frame. */
    public long endSequence() {
        return header.getLong(END_SEQUENCE_OFFSET, LITTLE_ENDIAN);
    }

    /** Capture position behind that END. */
    public long capturePosition() {
        return header.getLong(CAPTURE_POSITION_OFFSET, LITTLE_ENDIAN);
    }

    public long captureTimeNs() {
        return header.getLong(CAPTURE_TIME_OFFSET, LITTLE_ENDIAN);
    }

    /** Name of a type for people. */
    public static String typeName(final int type) {
        return switch (type) {
            case TYPE_STREAM -> "STREAM";
            case TYPE_INCARNATION -> "INCARNATION";
            case TYPE_COPIED -> "COPIED";
            case TYPE_PAD -> "PAD";
            default -> "TYPE" + type;
        };
    }
}
