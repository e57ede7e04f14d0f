package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.BufferUtil;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.FrameFetcher;
import org.farshore.dataplane.ship.BatchPayload;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * One part of {@link DecodedFrames}: its own memory, its own way to the journal, used by one thread at a time.
 *
 * <p>A payload of 1 to 15 blocks lies in as many <em>cells</em> of 4 KiB, wherever some are free, so that memory never
 * becomes too ragged for a long one. When cells run short a hand goes round the frames (CLOCK): one that was used since the
 * hand passed is spared once.
 */
final class DecodedStripe {
    private static final int CELL_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int CELLS_PER_FRAME = StreamLimits.BATCH_PAYLOAD_LENGTH_MAX / CELL_LENGTH;
    private static final long NONE = -1;
    private static final float LOAD_FACTOR = 0.6f;

    private final FrameFetcher fetcher;
    private final AtomicCounter hits;
    private final AtomicCounter decoded;
    private final UnsafeBuffer memory;
    private final RecordMessage message = new RecordMessage();
    private final BatchPayload payload = new BatchPayload();
    private final Long2LongHashMap slotOfPosition;
    private final long[] positions;
    private final int[] lengths;
    private final int[] cells;
    private final boolean[] used;
    private final int[] freeSlots;
    private final int[] freeCells;
    private int freeSlotCount;
    private int freeCellCount;
    private int hand;

    /** @param cellCount cells of 4 KiB; at least one longest frame. */
    DecodedStripe(
            final FrameFetcher fetcher, final int cellCount, final AtomicCounter hits, final AtomicCounter decoded) {
        this.fetcher = fetcher;
        this.hits = hits;
        this.decoded = decoded;
        final int count = Math.max(cellCount, CELLS_PER_FRAME);
        memory = new UnsafeBuffer(BufferUtil.allocateDirectAligned(count * CELL_LENGTH, CELL_LENGTH));
        slotOfPosition = new Long2LongHashMap(2 * count, LOAD_FACTOR, NONE);
        positions = new long[count];
        lengths = new int[count];
        cells = new int[count * CELLS_PER_FRAME];
        used = new boolean[count];
        freeSlots = new int[count];
        freeCells = new int[count];
        Arrays.fill(positions, NONE);
        for (int i = 0; i < count; i++) {
            freeSlots[freeSlotCount++] = i;
            freeCells[freeCellCount++] = i;
        }
    }

    /** As {@link DecodedFrames#copy}. */
    synchronized FrameFetcher.Status copy(
            final long position, final int offset, final int length, final ByteBuffer target) throws IOException {
        int slot = (int) slotOfPosition.get(position);
        if (slot < 0) {
            final FrameFetcher.Status status = fetcher.fetch(position);
            if (status != FrameFetcher.Status.FOUND) {
                return status;
            }
            if (!open()) {
                return FrameFetcher.Status.DAMAGED;
            }
            decoded.getAndAddRelease(1);
            slot = keep(position, message.uncompressedLength());
        } else {
            hits.getAndAddRelease(1);
        }
        used[slot] = true;
        if (offset < 0 || length > lengths[slot] - offset) {
            return FrameFetcher.Status.DAMAGED;
        }
        copyOut(slot, offset, length, target);
        return FrameFetcher.Status.FOUND;
    }

    /** The frame is whole; that it holds a batch which unpacks is looked at all the same. */
    private boolean open() {
        return message.wrap(
                                fetcher.buffer(),
                                fetcher.bodyOffset(),
                                fetcher.frame().bodyLength())
                        == null
                && message.templateId() == WriteBatchDecoder.TEMPLATE_ID
                && payload.open(message) == null
                && message.uncompressedLength() > 0;
    }

    private int keep(final long position, final int length) {
        final int count = (length + CELL_LENGTH - 1) / CELL_LENGTH;
        while (freeCellCount < count) {
            evictOne();
        }
        final int slot = freeSlots[--freeSlotCount];
        positions[slot] = position;
        lengths[slot] = length;
        for (int i = 0; i < count; i++) {
            final int cell = freeCells[--freeCellCount];
            cells[slot * CELLS_PER_FRAME + i] = cell;
            final int part = Math.min(CELL_LENGTH, length - i * CELL_LENGTH);
            memory.putBytes(cell * CELL_LENGTH, payload.buffer(), payload.offset() + i * CELL_LENGTH, part);
        }
        slotOfPosition.put(position, slot);
        return slot;
    }

    private void evictOne() {
        while (true) {
            hand = hand + 1 == positions.length ? 0 : hand + 1;
            if (positions[hand] != NONE) {
                if (!used[hand]) {
                    break;
                }
                used[hand] = false;
            }
        }
        slotOfPosition.remove(positions[hand]);
        positions[hand] = NONE;
        for (int i = 0; i * CELL_LENGTH < lengths[hand]; i++) {
            freeCells[freeCellCount++] = cells[hand * CELLS_PER_FRAME + i];
        }
        freeSlots[freeSlotCount++] = hand;
    }

    private void copyOut(final int slot, final int offset, final int length, final ByteBuffer target) {
        for (int done = 0; done < length; ) {
            final int at = offset + done;
            final int part = Math.min(length - done, CELL_LENGTH - at % CELL_LENGTH);
            final int cell = cells[slot * CELLS_PER_FRAME + at / CELL_LENGTH];
            memory.getBytes(cell * CELL_LENGTH + at % CELL_LENGTH, target, part);
            done += part;
        }
    }

    synchronized void close() {
        fetcher.close();
    }
}
