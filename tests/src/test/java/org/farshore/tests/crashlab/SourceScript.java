package org.farshore.tests.crashlab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/**
 * What the protected machine does: two volumes, copied first, then written in order, with zeroed ranges, writes that go
 * over several messages, and now and then a resync of the second volume. Each message has the same sequences and the same
 * bytes however often it is sent, so that a sender can go on wherever it is told to. One thread.
 */
final class SourceScript {
    static final int VOLUME_LENGTH = 512 << 10;
    static final int[] VOLUMES = {1, 2};
    /** How much time of the machine passes between two messages. */
    static final long STEP_NS = 20_000_000;

    private static final int BLOCK_LENGTH = 4096;
    private static final int SECTOR_LENGTH = 512;
    private static final int COPY_LENGTH = 14 * BLOCK_LENGTH;
    private static final int BARRIER_STEPS = 8;

    /**
     * One message.
     *
     * @param isEnd false while a write of it goes on in the next one: then there is no state behind it.
     * @param ordered volumes that are in write order behind it.
     */
    record Message(
            long firstSequence,
            long lastSequence,
            long captureNs,
            boolean isEnd,
            List<Integer> ordered,
            List<Extent> extents,
            java.util.function.Consumer<MessageWriter> form) {
        void write(final MessageWriter writer) {
            form.accept(writer.captureTimeNs(captureNs));
        }
    }

    /** A recovery point that was asked for. */
    record Barrier(long sequence, long captureNs, List<Integer> ordered) {}

    private final LabDice dice;
    private final List<Message> messages = new ArrayList<>();
    private final TreeMap<Long, Barrier> barriers = new TreeMap<>();
    private final TreeMap<Long, List<Integer>> ends = new TreeMap<>();
    private final long[] firstOrderedAt = new long[VOLUMES.length + 1];
    private List<Integer> ordered = List.of();
    private long nextSequence = 1;
    private long captureNs = 1;
    private int steps;
    private int openPieces;
    private int resyncLeft;

    SourceScript(final long seed) {
        dice = new LabDice(seed);
        for (final int volume : VOLUMES) {
            add(1, true, List.of(), w -> w.volumeAdded(volume, volume, VOLUME_LENGTH, "volume" + volume));
        }
        for (final int volume : VOLUMES) {
            for (int offset = 0; offset < VOLUME_LENGTH; offset += COPY_LENGTH) {
                addChunk(volume, offset, Math.min(COPY_LENGTH, VOLUME_LENGTH - offset));
            }
        }
        for (final int volume : VOLUMES) {
            order(volume, true);
            firstOrderedAt[volume] = nextSequence - 1;
        }
        addBarrier();
    }

    static UUID uuid(final int volume) {
        return new UUID(volume, ~(long) volume);
    }

    /** The message with this place in the stream, made when it is first asked for. */
    Message message(final int index) {
        while (messages.size() <= index) {
            addNext();
        }
        return messages.get(index);
    }

    /** The place of the message that begins with a sequence. */
    int indexOf(final long sequence) {
        int index = messages.size();
        while (index > 0 && messages.get(index - 1).lastSequence >= sequence) {
            index--;
        }
        if (message(index).firstSequence != sequence) {
            throw new AssertionError("sequence " + sequence + " lies inside a message");
        }
        return index;
    }

    /** The sequence at which a volume appears. */
    long addedAt(final int volume) {
        return volume;
    }

    /** The sequence at which its initial copy is complete. */
    long firstOrderedAt(final int volume) {
        return firstOrderedAt[volume];
    }

    /** Messages made so far. */
    int made() {
        return messages.size();
    }

    /** The recovery points asked for, by sequence. */
    TreeMap<Long, Barrier> barriers() {
        return barriers;
    }

    /** Every END with the volumes that are in order there. */
    Map<Long, List<Integer>> ends() {
        return ends;
    }

    /** The newest END at or below a sequence. */
    long endAtOrBelow(final long sequence) {
        final Long end = ends.floorKey(sequence);
        return end == null ? 0 : end;
    }

    private void addNext() {
        steps++;
        if (openPieces > 0) {
            openPieces--;
            addWrite(openPieces == 0);
        } else if (steps % BARRIER_STEPS == 0) {
            addBarrier();
        } else if (resyncLeft > 0) {
            resyncLeft--;
            addChunk(
                    2, BLOCK_LENGTH * dice.below(VOLUME_LENGTH / BLOCK_LENGTH - 8), BLOCK_LENGTH * (1 + dice.below(8)));
            if (resyncLeft == 0) {
                order(2, true);
            }
        } else if (dice.oneIn(60)) {
            resyncLeft = 1 + dice.below(12);
            order(2, false);
        } else if (dice.oneIn(10)) {
            addEmpty();
        } else if (dice.oneIn(12)) {
            openPieces = 1 + dice.below(2);
            addWrite(false);
        } else {
            addWrite(true);
        }
    }

    private void order(final int volume, final boolean isOrdered) {
        final List<Integer> now = new ArrayList<>(ordered);
        now.remove((Integer) volume);
        if (isOrdered) {
            now.add(volume);
        }
        ordered = List.copyOf(now);
        final WriteOrder order = isOrdered ? WriteOrder.ORDERED : WriteOrder.CONVERGING;
        final StateReason reason = isOrdered ? StateReason.CONVERGED : StateReason.GAP;
        add(1, true, List.of(), w -> w.volumeState(volume, order, reason));
    }

    private void addBarrier() {
        final int[] volumes =
                ordered.stream().mapToInt(Integer::intValue).sorted().toArray();
        final long wallNs = LabClocks.wallTimeNs(captureNs + STEP_NS);
        add(1, true, List.of(), w -> w.barrier(wallNs, BarrierKind.CRASH, "", volumes));
        final Message message = messages.get(messages.size() - 1);
        barriers.put(message.lastSequence, new Barrier(message.lastSequence, message.captureNs, ordered));
    }

    private void addWrite(final boolean isEnd) {
        final List<Extent> extents = new ArrayList<>();
        final int count = 1 + dice.below(4);
        for (int i = 0; i < count; i++) {
            final int sectors = 1 + dice.below(dice.oneIn(8) ? 28 : 12);
            final int offset = SECTOR_LENGTH * dice.below(VOLUME_LENGTH / SECTOR_LENGTH - sectors);
            final byte[] bytes = bytes(sectors * SECTOR_LENGTH);
            final int volume = VOLUMES[resyncLeft > 0 || !ordered.contains(2) ? 0 : dice.below(2)];
            extents.add(isEnd ? Extent.write(volume, offset, bytes) : Extent.open(volume, offset, bytes));
        }
        addBatch(extents, isEnd);
    }

    private void addEmpty() {
        final ExtentKind kind = dice.oneIn(2) ? ExtentKind.ZERO : ExtentKind.DISCARD;
        final int sectors = 1 + dice.below(dice.oneIn(4) ? VOLUME_LENGTH / SECTOR_LENGTH / 2 : 64);
        final int offset = SECTOR_LENGTH * dice.below(VOLUME_LENGTH / SECTOR_LENGTH - sectors);
        addBatch(List.of(Extent.empty(1, kind, offset, sectors * SECTOR_LENGTH)), true);
    }

    private void addChunk(final int volume, final int offset, final int length) {
        addBatch(List.of(Extent.chunk(volume, offset, bytes(length))), true);
    }

    private void addBatch(final List<Extent> extents, final boolean isEnd) {
        final boolean compress = dice.oneIn(2);
        add(extents.size(), isEnd, extents, w -> w.compress(compress).batch(extents));
    }

    /** Half of them can be compressed; each sector is like no other. */
    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        dice.nextBytes(bytes);
        if (dice.oneIn(2)) {
            for (int at = 0; at < length; at++) {
                bytes[at] = at % SECTOR_LENGTH < 16 ? bytes[at] : bytes[at - at % SECTOR_LENGTH + at % 16];
            }
        }
        return bytes;
    }

    private void add(
            final int records,
            final boolean isEnd,
            final List<Extent> extents,
            final java.util.function.Consumer<MessageWriter> form) {
        captureNs += STEP_NS;
        final long last = nextSequence + records - 1;
        messages.add(new Message(nextSequence, last, captureNs, isEnd, ordered, extents, form));
        if (isEnd) {
            ends.put(last, ordered);
        }
        nextSequence = last + 1;
    }
}
