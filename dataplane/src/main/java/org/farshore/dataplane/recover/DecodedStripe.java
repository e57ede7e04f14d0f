package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.FrameFetcher;
import org.farshore.dataplane.ship.BatchPayload;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * One part of {@link DecodedFrames}: its own memory, its own way to the journal, used by one thread at a time. Payloads that
 * were decompressed are kept; of those that stand in the journal as they are, {@link PlainFrames} keeps checksums.
 *
 * <p>A payload of 1 to 15 blocks lies in as many <em>cells</em> of 4 KiB, wherever some are free, so that memory never
 * becomes too ragged for a long one. A stripe begins with room for one frame and takes more by pieces of {@link
 * FrameMemory}. When there are no more, a hand goes round the frames (CLOCK): one that was used since the hand passed is
 * spared once.
 */
final class DecodedStripe {
    private static final int CELL_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int CELLS_PER_FRAME = StreamLimits.BATCH_PAYLOAD_LENGTH_MAX / CELL_LENGTH;
    private static final int CELLS_PER_PIECE = FrameMemory.PIECE_LENGTH / CELL_LENGTH;
    private static final long NONE = -1;
    private static final float LOAD_FACTOR = 0.6f;
    /** In all stripes together the frames of nearly 4 GiB, in 5 MiB of heap. */
    private static final int PLAIN_FRAMES_MAX = 1 << 13;

    private final FrameFetcher fetcher;
    private final AtomicCounter hits;
    private final AtomicCounter decoded;
    private final FrameMemory memory;
    private final PlainFrames plain = new PlainFrames(PLAIN_FRAMES_MAX);
    private final RecordMessage message = new RecordMessage();
    private final BatchPayload payload = new BatchPayload();
    private final Long2LongHashMap slotOfPosition;
    private UnsafeBuffer[] pieces = {};
    private long[] positions = {};
    private int[] lengths = {};
    private int[] cells = {};
    private boolean[] used = {};
    private int[] freeSlots = {};
    private int[] freeCells = {};
    private int freeSlotCount;
    private int freeCellCount;
    private int hand;

    DecodedStripe(
            final FrameFetcher fetcher,
            final FrameMemory memory,
            final AtomicCounter hits,
            final AtomicCounter decoded) {
        this.fetcher = fetcher;
        this.memory = memory;
        this.hits = hits;
        this.decoded = decoded;
        slotOfPosition = new Long2LongHashMap(2 * CELLS_PER_FRAME, LOAD_FACTOR, NONE);
        add(new UnsafeBuffer(ByteBuffer.allocateDirect(CELLS_PER_FRAME * CELL_LENGTH)));
    }

    /** Room for as many cells as a piece has, and for as many frames of one cell. */
    private void add(final UnsafeBuffer piece) {
        final int count = piece.capacity() / CELL_LENGTH;
        final int firstSlot = positions.length;
        final int slots = firstSlot + count;
        pieces = Arrays.copyOf(pieces, pieces.length + 1);
        pieces[pieces.length - 1] = piece;
        positions = Arrays.copyOf(positions, slots);
        Arrays.fill(positions, firstSlot, slots, NONE);
        lengths = Arrays.copyOf(lengths, slots);
        cells = Arrays.copyOf(cells, slots * CELLS_PER_FRAME);
        used = Arrays.copyOf(used, slots);
        freeSlots = Arrays.copyOf(freeSlots, slots);
        freeCells = Arrays.copyOf(freeCells, slots);
        for (int i = 0; i < count; i++) {
            freeSlots[freeSlotCount++] = firstSlot + i;
            freeCells[freeCellCount++] = (pieces.length - 1) * CELLS_PER_PIECE + i;
        }
    }

    /** As {@link DecodedFrames#copy}. */
    synchronized FrameFetcher.Status copy(
            final long position, final int offset, final int length, final ByteBuffer target) throws IOException {
        final int slot = (int) slotOfPosition.get(position);
        if (slot >= 0) {
            hits.getAndAddRelease(1);
            return copyOut(slot, offset, length, target);
        }
        final int place = plain.find(position);
        if (place >= 0) {
            if (!isInside(offset, length, plain.length(place))) {
                return FrameFetcher.Status.DAMAGED;
            }
            if (plain.copy(fetcher, place, offset, length, target)) {
                hits.getAndAddRelease(1);
                return FrameFetcher.Status.FOUND;
            }
        }
        return fetch(position, offset, length, target);
    }

    private FrameFetcher.Status fetch(final long position, final int offset, final int length, final ByteBuffer target)
            throws IOException {
        final FrameFetcher.Status status = fetcher.fetch(position);
        if (status != FrameFetcher.Status.FOUND) {
            return status;
        }
        if (!open()) {
            return FrameFetcher.Status.DAMAGED;
        }
        decoded.getAndAddRelease(1);
        if (message.isCompressed()) {
            return copyOut(keep(position, message.uncompressedLength()), offset, length, target);
        }
        final int payloadLength = message.uncompressedLength();
        plain.learn(position, payload.buffer(), payload.offset(), payload.offset(), payloadLength);
        if (!isInside(offset, length, payloadLength)) {
            return FrameFetcher.Status.DAMAGED;
        }
        payload.buffer().getBytes(payload.offset() + offset, target, length);
        return FrameFetcher.Status.FOUND;
    }

    private static boolean isInside(final int offset, final int length, final int payloadLength) {
        return offset >= 0 && length <= payloadLength - offset;
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
        if (freeCellCount < count) {
            makeRoom(count);
        }
        final int slot = freeSlots[--freeSlotCount];
        positions[slot] = position;
        lengths[slot] = length;
        for (int i = 0; i < count; i++) {
            final int cell = freeCells[--freeCellCount];
            cells[slot * CELLS_PER_FRAME + i] = cell;
            final int part = Math.min(CELL_LENGTH, length - i * CELL_LENGTH);
            pieces[cell / CELLS_PER_PIECE].putBytes(
                    cell % CELLS_PER_PIECE * CELL_LENGTH, payload.buffer(), payload.offset() + i * CELL_LENGTH, part);
        }
        slotOfPosition.put(position, slot);
        return slot;
    }

    private void makeRoom(final int cellCount) {
        final UnsafeBuffer piece = memory.take();
        if (piece != null) {
            add(piece);
        }
        while (freeCellCount < cellCount) {
            evictOne();
        }
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

    private FrameFetcher.Status copyOut(final int slot, final int offset, final int length, final ByteBuffer target) {
        used[slot] = true;
        if (!isInside(offset, length, lengths[slot])) {
            return FrameFetcher.Status.DAMAGED;
        }
        for (int done = 0; done < length; ) {
            final int at = offset + done;
            final int part = Math.min(length - done, CELL_LENGTH - at % CELL_LENGTH);
            final int cell = cells[slot * CELLS_PER_FRAME + at / CELL_LENGTH];
            pieces[cell / CELLS_PER_PIECE].getBytes(
                    cell % CELLS_PER_PIECE * CELL_LENGTH + at % CELL_LENGTH, target, part);
            done += part;
        }
        return FrameFetcher.Status.FOUND;
    }

    synchronized void close() {
        memory.giveBack(pieces.length - 1);
        fetcher.close();
    }
}
