package org.farshore.agent.stream;

import static org.farshore.dataplane.ship.StreamLimits.BLOCK_LENGTH;
import static org.farshore.dataplane.ship.StreamLimits.SECTOR_LENGTH;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.replication.ExtentKind;

/**
 * Appends a chunk to the stream: what was read, without its holes, zero blocks as a flag, unreadable blocks as records of
 * their own. It takes several messages; when the link has no room it goes on in a later duty cycle, and nothing else is
 * appended meanwhile. One thread.
 */
public final class ChunkWriter {
    /** What the reader found out about the blocks of a chunk. */
    public interface Content {
        /** True when the block is all zeros. */
        boolean isZero(int block);

        /** True when the device did not give the block. */
        boolean isUnreadable(int block);
    }

    private static final int SECTORS_PER_BLOCK = BLOCK_LENGTH / SECTOR_LENGTH;

    private final CaptureStream stream;
    private final RecordWriter writer;
    private final SingleRecords records;
    private final AtomicCounter sentPayloadBytes;
    private final ExtentTable table = new ExtentTable();
    private int volume;
    private OpenRead read;
    private DirectBuffer bytes;
    private Content content;
    private int sector;
    private int unreadableBlock;
    private int payloadLength;
    private int appendedLength;

    public ChunkWriter(
            final CaptureStream stream,
            final RecordWriter writer,
            final SingleRecords records,
            final AtomicCounter sentPayloadBytes) {
        this.stream = stream;
        this.writer = writer;
        this.records = records;
        this.sentPayloadBytes = sentPayloadBytes;
    }

    /** Begins with what was read for {@code chunk}; its first byte is the first of {@code chunkBytes}. */
    public void begin(
            final int chunkVolume, final OpenRead chunk, final DirectBuffer chunkBytes, final Content chunkContent) {
        volume = chunkVolume;
        read = chunk;
        bytes = chunkBytes;
        content = chunkContent;
        sector = 0;
        unreadableBlock = 0;
        payloadLength = 0;
        appendedLength = 0;
        table.clear();
    }

    /** Forgets the chunk. */
    public void abort() {
        table.clear();
        read = null;
    }

    /** Appends as much as the link takes; true when the whole chunk is in the stream. */
    public boolean doWork(final long nowNs) {
        while (true) {
            fill(nowNs);
            if (table.isEmpty()) {
                return appendUnreadable(nowNs);
            }
            if (stream.isAtEnd()) {
                table.markEnd();
                table.endPosition(stream.takenPosition());
            }
            final int length = table.payloadLength();
            if (!table.flush(writer)) {
                return false;
            }
            payloadLength += length;
            sentPayloadBytes.getAndAddRelease(length);
        }
    }

    /** Sequence of the chunk's last record. */
    public long lastSequence() {
        return writer.lastSequence();
    }

    /** Payload of the chunk as sent. */
    public int payloadLength() {
        return payloadLength;
    }

    /** Bytes of the volume that the chunk brought: without its holes. */
    public int appendedLength() {
        return appendedLength;
    }

    private void fill(final long nowNs) {
        final int sectors = read.unitCount();
        while (sector < sectors) {
            if (isLeftOut(sector)) {
                sector++;
            } else if (!addExtent(sectors, nowNs)) {
                return;
            }
        }
    }

    /** Adds the longest extent of one kind that begins at the current sector; false when the table is full. */
    private boolean addExtent(final int sectors, final long nowNs) {
        final boolean isZero = content.isZero(sector / SECTORS_PER_BLOCK);
        final int room = isZero ? Integer.MAX_VALUE : table.payloadRoom() / SECTOR_LENGTH;
        if (!table.hasRoom() || room == 0) {
            return false;
        }
        int behind = sector + 1;
        while (behind < sectors
                && behind - sector < room
                && !isLeftOut(behind)
                && content.isZero(behind / SECTORS_PER_BLOCK) == isZero) {
            behind++;
        }
        final int length = (behind - sector) * SECTOR_LENGTH;
        final int at = sector * SECTOR_LENGTH;
        table.add(
                isZero ? ExtentKind.CHUNK_ZERO : ExtentKind.CHUNK,
                volume,
                read.offset() + at,
                length,
                nowNs,
                isZero ? null : bytes,
                at);
        appendedLength += length;
        sector = behind;
        return true;
    }

    private boolean isLeftOut(final int index) {
        return read.isHole(index) || content.isUnreadable(index / SECTORS_PER_BLOCK);
    }

    private boolean appendUnreadable(final long nowNs) {
        final int blocks = (read.unitCount() + SECTORS_PER_BLOCK - 1) / SECTORS_PER_BLOCK;
        for (; unreadableBlock < blocks; unreadableBlock++) {
            if (content.isUnreadable(unreadableBlock)) {
                final long at = (long) unreadableBlock * BLOCK_LENGTH;
                records.at(stream.isAtEnd(), stream.takenPosition(), nowNs);
                if (!records.unreadable(volume, read.offset() + at, Math.min(BLOCK_LENGTH, read.length() - at))) {
                    return false;
                }
            }
        }
        return true;
    }
}
