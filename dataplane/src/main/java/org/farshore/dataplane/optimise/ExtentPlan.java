package org.farshore.dataplane.optimise;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder.ExtentsDecoder;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * The extent table of a batch without its zero blocks, and which pieces of the payload stay.
 *
 * <p>A block of 4 KiB that lies on a multiple of 4 KiB of its volume and holds only zeros becomes an entry ZERO (of a
 * WRITE) or CHUNK_ZERO (of a CHUNK); neighbours share one. An extent that is cut this way keeps its sequence: every
 * entry behind the first is flagged {@code continued}, and END moves to the last. A batch whose table is full keeps the
 * rest of its zeros as payload. One thread.
 */
final class ExtentPlan {
    private static final int ENTRY_LENGTH = ExtentsDecoder.sbeBlockLength();
    private static final int FLAG_END = 1;
    private static final int FLAG_CONTINUED = 2;
    private static final int BLOCK = StreamLimits.BLOCK_LENGTH;
    private static final int ENTRIES_MAX = StreamLimits.BATCH_EXTENTS_MAX;

    private final UnsafeBuffer table =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(ENTRIES_MAX * ENTRY_LENGTH, 64));
    private final int[] pieceOffsets = new int[ENTRIES_MAX];
    private final int[] pieceLengths = new int[ENTRIES_MAX];
    private int entries;
    private int pieces;
    private int keptLength;
    private int zeroLength;

    // the extent being cut
    private int volume;
    private int dataKind;
    private long volumeOffset;
    private int payloadOffset;
    private boolean continues;

    /** Plans {@code batch}, whose payload lies uncompressed at {@code payloadAt} of its buffer. */
    void make(final RecordMessage batch, final int payloadAt) {
        entries = 0;
        pieces = 0;
        keptLength = 0;
        zeroLength = 0;
        final int count = batch.groupCount();
        int consumed = 0;
        for (int i = 0; i < count; i++) {
            volume = batch.extentVolume(i);
            dataKind = batch.extentKind(i);
            volumeOffset = batch.extentOffset(i);
            continues = batch.extentContinues(i);
            if (RecordMessage.carriesPayload(dataKind)) {
                payloadOffset = consumed;
                final int length = (int) batch.extentLength(i);
                cut(batch.buffer(), payloadAt + consumed, length, count - i - 1);
                consumed += length;
            } else {
                append(dataKind, volumeOffset, batch.extentLength(i));
            }
            if (batch.extentEnds(i)) {
                setEnd();
            }
        }
    }

    private void cut(final DirectBuffer buffer, final int at, final int length, final int entriesBehind) {
        int begin = 0;
        int block = (int) (-volumeOffset & (BLOCK - 1));
        while (block + BLOCK <= length) {
            if (!ZeroBlocks.isZero(buffer, at + block, BLOCK)) {
                block += BLOCK;
                continue;
            }
            if (entries + 3 + entriesBehind > ENTRIES_MAX) {
                break; // data before, zeros, data behind: no room for three
            }
            int end = block + BLOCK;
            while (end + BLOCK <= length && ZeroBlocks.isZero(buffer, at + end, BLOCK)) {
                end += BLOCK;
            }
            keep(begin, block);
            append(
                    dataKind == RecordMessage.WRITE ? RecordMessage.ZERO : RecordMessage.CHUNK_ZERO,
                    volumeOffset + block,
                    end - block);
            zeroLength += end - block;
            begin = end;
            block = end;
        }
        keep(begin, length);
    }

    /** One entry of data for the bytes from {@code begin} to {@code end} of the extent. */
    private void keep(final int begin, final int end) {
        final int length = end - begin;
        if (length == 0) {
            return;
        }
        append(dataKind, volumeOffset + begin, length);
        final int offset = payloadOffset + begin;
        if (pieces > 0 && pieceOffsets[pieces - 1] + pieceLengths[pieces - 1] == offset) {
            pieceLengths[pieces - 1] += length;
        } else {
            pieceOffsets[pieces] = offset;
            pieceLengths[pieces] = length;
            pieces++;
        }
        keptLength += length;
    }

    private void append(final int kind, final long offset, final long length) {
        final int at = entries * ENTRY_LENGTH;
        table.putLong(at + ExtentsDecoder.offsetEncodingOffset(), offset, LITTLE_ENDIAN);
        table.putLong(at + ExtentsDecoder.lengthEncodingOffset(), length, LITTLE_ENDIAN);
        table.putShort(at + ExtentsDecoder.volumeEncodingOffset(), (short) volume, LITTLE_ENDIAN);
        table.putByte(at + ExtentsDecoder.kindEncodingOffset(), (byte) kind);
        table.putByte(at + ExtentsDecoder.flagsEncodingOffset(), (byte) (continues ? FLAG_CONTINUED : 0));
        table.putInt(at + ExtentsDecoder.reservedEncodingOffset(), 0, LITTLE_ENDIAN);
        entries++;
        continues = true;
    }

    private void setEnd() {
        final int at = (entries - 1) * ENTRY_LENGTH + ExtentsDecoder.flagsEncodingOffset();
        table.putByte(at, (byte) (table.getByte(at) | FLAG_END));
    }

    /** Entries of the new table. */
    int entries() {
        return entries;
    }

    /** Bytes of the new table. */
    int tableLength() {
        return entries * ENTRY_LENGTH;
    }

    /** The new table, from its begin. */
    DirectBuffer table() {
        return table;
    }

    /** Bytes of payload that stay. */
    int keptLength() {
        return keptLength;
    }

    /** Bytes of payload that became entries without payload. */
    int zeroLength() {
        return zeroLength;
    }

    /** Copies the payload that stays, out of the payload at {@code payloadAt} of {@code source}. */
    void gather(final DirectBuffer source, final int payloadAt, final MutableDirectBuffer target) {
        int filled = 0;
        for (int i = 0; i < pieces; i++) {
            target.putBytes(filled, source, payloadAt + pieceOffsets[i], pieceLengths[i]);
            filled += pieceLengths[i];
        }
    }
}
