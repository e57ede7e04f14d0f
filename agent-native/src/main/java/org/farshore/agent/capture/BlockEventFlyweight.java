package org.farshore.agent.capture;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * One record of the capture ring, as {@code struct block_record} in {@code block_capture.h} has it; the test holds the two
 * against each other. Little endian. Reading only: the kernel writes.
 *
 * <pre>
 *   0        8        16       24       32   33    34     36     40          44   48        56
 *   +--------+--------+--------+--------+----+-----+------+------+-----------+----+---------+---------
 *   | sector | length | time   | bio    |type|flags|volume|error | bio length|opf | reserved| payload
 *   +--------+--------+--------+--------+----+-----+------+------+-----------+----+---------+---------
 * </pre>
 *
 * Sectors count from the begin of the volume. {@code length} is that of the piece's payload, or of the range that completed
 * or was zeroed, in bytes. The ring's own header has 8 bytes before it, so that the payload begins on a cache line.
 */
final class BlockEventFlyweight {
    static final int SECTOR_OFFSET = 0;
    static final int LENGTH_OFFSET = 8;
    static final int TIME_NS_OFFSET = 16;
    static final int BIO_OFFSET = 24;
    static final int TYPE_OFFSET = 32;
    static final int FLAGS_OFFSET = 33;
    static final int VOLUME_OFFSET = 34;
    static final int ERROR_OFFSET = 36;
    static final int BIO_LENGTH_OFFSET = 40;
    static final int OPF_OFFSET = 44;
    /** Where the payload of a submission begins. */
    static final int HEADER_LENGTH = 56;

    /** A piece of a write, with payload. */
    static final int SUBMIT = 1;
    /** A write or a part of one has ended. */
    static final int COMPLETE = 2;
    /** A discard or write-zeroes has ended well. */
    static final int ZEROED = 3;

    /** First piece of its bio. */
    static final int FIRST = 1;
    /** Last piece of its bio. */
    static final int LAST = 2;
    /** Zeroed by a discard. */
    static final int DISCARD = 4;

    private DirectBuffer buffer;
    private int offset;

    /** Looks at the record at {@code recordOffset}. */
    BlockEventFlyweight wrap(final DirectBuffer ring, final int recordOffset) {
        this.buffer = ring;
        this.offset = recordOffset;
        return this;
    }

    long sector() {
        return buffer.getLong(offset + SECTOR_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    long length() {
        return buffer.getLong(offset + LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    long timeNs() {
        return buffer.getLong(offset + TIME_NS_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    long bio() {
        return buffer.getLong(offset + BIO_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    int type() {
        return buffer.getByte(offset + TYPE_OFFSET);
    }

    int flags() {
        return buffer.getByte(offset + FLAGS_OFFSET);
    }

    int volume() {
        return buffer.getShort(offset + VOLUME_OFFSET, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
    }

    int error() {
        return buffer.getInt(offset + ERROR_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    int bioLength() {
        return buffer.getInt(offset + BIO_LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    int payloadOffset() {
        return offset + HEADER_LENGTH;
    }
}
