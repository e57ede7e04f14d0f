package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * One entry of the file {@code points}: 64 bytes, little-endian.
 *
 * <pre>
 *        POINT            VOLUME              WITHDRAWN       MARK            TEXT
 *   0  u32  checksum over the checksum of the entry before it and bytes 4..63 of this one ({@link CatalogueFile})
 *   4  u8   type: 1, 2, 3, 4, 5
 *   5  u8  kind             slot              0               0               0
 *   6  u16 label length     number            0               0               0
 *   8  u64 sequence         sequence          sequence        END sequence    56 bytes of a label, zeros behind it
 *  16  u64 position         position          position        position
 *  24  u64 wall ns          id, high          from position   0
 *  32  u64 capture ns       id, low           to position     0
 *  40  u64 ORDERED volumes  size in bytes     0               0
 *  48  u64 window begin     write order       0               0
 *  56  u64 known volumes    1 when removed    0               0
 * </pre>
 *
 * <p>Position is always the journal's end of the frame that the entry comes from; it never falls from entry to entry. Volumes
 * are bits of <em>slots</em>: a stream numbers its volumes, and may give the number of one that was removed to another, so the
 * catalogue gives each random id a slot of its own as long as anything tells of it. VOLUME holds all that is known of a volume
 * from its sequence on. The TEXTs of a label stand before its POINT, so that a point is there with its label or not at all.
 */
record CatalogueEntry(
        int type,
        int detail,
        int number,
        long sequence,
        long position,
        long first,
        long second,
        long third,
        long fourth,
        long fifth,
        String label) {
    static final int LENGTH = 64;
    static final int POINT = 1;
    static final int VOLUME = 2;
    static final int WITHDRAWN = 3;
    static final int MARK = 4;
    static final int TEXT = 5;
    /** Bytes of label in one TEXT. */
    static final int TEXT_LENGTH = 56;
    /** Flag in the kind of a point: the first one that names a volume again. */
    static final int END_OF_RESYNC = 0x80;

    private static final int TYPE_OFFSET = 4;
    private static final int DETAIL_OFFSET = 5;
    private static final int NUMBER_OFFSET = 6;
    private static final int WORDS_OFFSET = 8;

    static CatalogueEntry point(
            final int kind,
            final long sequence,
            final long position,
            final long wallTimeNs,
            final long captureTimeNs,
            final long ordered,
            final long windowBegin,
            final long known,
            final String label) {
        return new CatalogueEntry(
                POINT,
                kind,
                label.length(),
                sequence,
                position,
                wallTimeNs,
                captureTimeNs,
                ordered,
                windowBegin,
                known,
                label);
    }

    static CatalogueEntry volume(
            final int slot,
            final int number,
            final long sequence,
            final long position,
            final long uuidHigh,
            final long uuidLow,
            final long sizeBytes,
            final int writeOrder,
            final boolean removed) {
        return new CatalogueEntry(
                VOLUME,
                slot,
                number,
                sequence,
                position,
                uuidHigh,
                uuidLow,
                sizeBytes,
                writeOrder,
                removed ? 1 : 0,
                "");
    }

    static CatalogueEntry withdrawn(final long sequence, final long position, final long from, final long to) {
        return new CatalogueEntry(WITHDRAWN, 0, 0, sequence, position, from, to, 0, 0, 0, "");
    }

    static CatalogueEntry mark(final long endSequence, final long position) {
        return new CatalogueEntry(MARK, 0, 0, endSequence, position, 0, 0, 0, 0, 0, "");
    }

    /** The same point for other slots; used when a slot is taken from a volume that is long gone. */
    CatalogueEntry withoutSlot(final int slot) {
        final long others = ~(1L << slot);
        return point(detail, sequence, position, first, second, third & others, fourth, fifth & others, label);
    }

    long wallTimeNs() {
        return first;
    }

    long captureTimeNs() {
        return second;
    }

    long ordered() {
        return third;
    }

    long windowBegin() {
        return fourth;
    }

    long known() {
        return fifth;
    }

    int slot() {
        return detail;
    }

    long uuidHigh() {
        return first;
    }

    long uuidLow() {
        return second;
    }

    long sizeBytes() {
        return third;
    }

    int writeOrder() {
        return (int) fourth;
    }

    boolean isRemoved() {
        return fifth != 0;
    }

    /** Writes everything but the checksum and, for a point, the label. */
    void encode(final MutableDirectBuffer buffer, final int offset) {
        buffer.putByte(offset + TYPE_OFFSET, (byte) type);
        buffer.putByte(offset + DETAIL_OFFSET, (byte) detail);
        buffer.putShort(offset + NUMBER_OFFSET, (short) number, LITTLE_ENDIAN);
        putWord(buffer, offset, 0, sequence);
        putWord(buffer, offset, 1, position);
        putWord(buffer, offset, 2, first);
        putWord(buffer, offset, 3, second);
        putWord(buffer, offset, 4, third);
        putWord(buffer, offset, 5, fourth);
        putWord(buffer, offset, 6, fifth);
    }

    /** Writes a part of a label as a TEXT. */
    static void encodeText(final MutableDirectBuffer buffer, final int offset, final String text) {
        buffer.setMemory(offset, LENGTH, (byte) 0);
        buffer.putByte(offset + TYPE_OFFSET, (byte) TEXT);
        buffer.putStringWithoutLengthAscii(offset + WORDS_OFFSET, text);
    }

    private static void putWord(final MutableDirectBuffer buffer, final int offset, final int word, final long value) {
        buffer.putLong(offset + WORDS_OFFSET + word * Long.BYTES, value, LITTLE_ENDIAN);
    }

    static int typeOf(final DirectBuffer buffer, final int offset) {
        return buffer.getByte(offset + TYPE_OFFSET) & 0xFF;
    }

    static String textOf(final DirectBuffer buffer, final int offset) {
        return buffer.getStringWithoutLengthAscii(offset + WORDS_OFFSET, TEXT_LENGTH);
    }

    /** Reads an entry that is no TEXT; {@code texts} is what the TEXTs before it hold. */
    static CatalogueEntry decode(final DirectBuffer buffer, final int offset, final String texts) {
        final int type = typeOf(buffer, offset);
        final int number = buffer.getShort(offset + NUMBER_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
        return new CatalogueEntry(
                type,
                buffer.getByte(offset + DETAIL_OFFSET) & 0xFF,
                number,
                word(buffer, offset, 0),
                word(buffer, offset, 1),
                word(buffer, offset, 2),
                word(buffer, offset, 3),
                word(buffer, offset, 4),
                word(buffer, offset, 5),
                word(buffer, offset, 6),
                type == POINT && number <= texts.length() ? texts.substring(0, number) : "");
    }

    private static long word(final DirectBuffer buffer, final int offset, final int word) {
        return buffer.getLong(offset + WORDS_OFFSET + word * Long.BYTES, LITTLE_ENDIAN);
    }
}
