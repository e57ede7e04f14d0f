package org.farshore.dataplane.mastertarget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/**
 * A random stream of records over two volumes, and what the volumes hold after any of them: the oracle. Record n has
 * sequence n + 1, whatever messages it travels in, so that a sender can go on anywhere. Chunks bring bytes that no write
 * brought, as after a loss: a chunk in the wrong order shows.
 */
final class StreamScript {
    static final int SIZE = 512 << 10;
    static final String[] NAMES = {"", "one", "two"};

    /** One record: extents, or a message about a volume. */
    private record Rec(
            List<Extent> extents, int volume, long resizedTo, WriteOrder state, boolean chunks, boolean end) {}

    private final Random random;
    private final List<Rec> records = new ArrayList<>();
    private final int[] sizes = {0, SIZE, SIZE};

    StreamScript(final long seed, final int length) {
        random = new Random(seed);
        records.add(new Rec(null, 1, 0, null, false, true));
        records.add(new Rec(null, 2, 0, null, false, true));
        while (records.size() < length) {
            addRandom();
        }
        records.add(write(1, true));
    }

    private void addRandom() {
        final int volume = 1 + random.nextInt(2);
        switch (random.nextInt(16)) {
            case 0 -> records.add(empty(volume));
            case 1 -> {
                sizes[volume] += 4096;
                records.add(new Rec(null, volume, sizes[volume], null, false, true));
            }
            case 2 -> {
                final WriteOrder state = random.nextInt(4) == 0 ? WriteOrder.ORDERED : WriteOrder.CONVERGING;
                records.add(new Rec(null, volume, 0, volume == 2 ? state : WriteOrder.CONVERGING, false, true));
            }
            case 3, 4, 5, 6, 7 -> records.add(chunks(volume));
            case 8, 9 -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    records.add(write(volume, false));
                }
                records.add(write(volume, true));
            }
            default -> records.add(write(volume, true));
        }
    }

    private Rec write(final int volume, final boolean end) {
        final List<Extent> extents = new ArrayList<>();
        final int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            final int length = 512 * (1 + random.nextInt(20));
            final long offset = 512L * random.nextInt((sizes[volume] - length) / 512 + 1);
            extents.add(
                    new Extent(volume, ExtentKind.WRITE, offset, length, bytes(length), end && i == count - 1, i > 0));
        }
        return new Rec(extents, volume, 0, null, false, end);
    }

    private Rec chunks(final int volume) {
        final int blocks = 1 + random.nextInt(8);
        final long offset = 4096L * random.nextInt(sizes[volume] / 4096 - blocks + 1);
        final Extent extent = random.nextInt(4) == 0
                ? new Extent(volume, ExtentKind.CHUNK_ZERO, offset, blocks * 4096L, null, true, false)
                : new Extent(volume, ExtentKind.CHUNK, offset, blocks * 4096L, bytes(blocks * 4096), true, false);
        return new Rec(List.of(extent), volume, 0, null, true, true);
    }

    private Rec empty(final int volume) {
        final ExtentKind kind = random.nextBoolean() ? ExtentKind.ZERO : ExtentKind.DISCARD;
        final int sectors = 1 + random.nextInt(random.nextBoolean() ? 64 : sizes[volume] / 512);
        final long offset = 512L * random.nextInt(sizes[volume] / 512 - sectors + 1);
        return new Rec(
                List.of(new Extent(volume, kind, offset, sectors * 512L, null, true, false)),
                volume,
                0,
                null,
                false,
                true);
    }

    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        if (random.nextInt(4) == 0) {
            Arrays.fill(bytes, (byte) random.nextInt());
        } else {
            random.nextBytes(bytes);
        }
        return bytes;
    }

    int length() {
        return records.size();
    }

    /** Writes the message that begins with a record; batches take up to {@code most} records of one kind. */
    void writeMessage(final MessageWriter writer, final int from, final int most) {
        final Rec first = records.get(from);
        if (first.extents == null) {
            if (first.state != null) {
                writer.volumeState(first.volume, first.state, StateReason.GAP);
            } else if (first.resizedTo > 0) {
                writer.volumeResized(first.volume, first.resizedTo);
            } else {
                writer.volumeAdded(first.volume, first.volume, SIZE, NAMES[first.volume]);
            }
            return;
        }
        final List<Extent> extents = new ArrayList<>();
        int payload = 0;
        for (int i = from; i < Math.min(from + most, records.size()); i++) {
            final Rec next = records.get(i);
            int more = 0;
            if (next.extents != null) {
                for (final Extent extent : next.extents) {
                    more += extent.payload() == null ? 0 : extent.payload().length;
                }
            }
            if (next.extents == null || next.chunks != first.chunks || payload + more > 61_440) {
                break;
            }
            payload += more;
            extents.addAll(next.extents);
        }
        writer.batch(extents);
    }

    /** What a volume holds behind the first {@code count} records. */
    byte[] oracle(final int volume, final long count) {
        byte[] bytes = new byte[SIZE];
        for (int i = 0; i < count; i++) {
            final Rec rec = records.get(i);
            if (rec.volume != volume) {
                continue;
            }
            if (rec.resizedTo > 0) {
                bytes = Arrays.copyOf(bytes, (int) rec.resizedTo);
            }
            if (rec.extents != null) {
                for (final Extent extent : rec.extents) {
                    final byte[] content =
                            extent.payload() == null ? new byte[(int) extent.length()] : extent.payload();
                    System.arraycopy(content, 0, bytes, (int) extent.offset(), content.length);
                }
            }
        }
        return bytes;
    }

    /** Blocks of a volume that chunks in a range of records touch: they may have reached the replica early. */
    BitSet chunkBlocks(final int volume, final long from, final long to) {
        final BitSet blocks = new BitSet();
        for (int i = (int) from; i < to; i++) {
            final Rec rec = records.get(i);
            if (rec.chunks && rec.volume == volume) {
                for (final Extent extent : rec.extents) {
                    blocks.set((int) (extent.offset() / 4096), (int) ((extent.offset() + extent.length()) / 4096));
                }
            }
        }
        return blocks;
    }
}
