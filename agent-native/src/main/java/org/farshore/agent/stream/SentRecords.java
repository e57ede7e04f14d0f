package org.farshore.agent.stream;

/**
 * What was sent and is not known durable: enough of every message to act when its sequence is acknowledged. A ring of plain
 * arrays; when it is full nothing more is sent. One thread.
 */
public final class SentRecords {
    /** What an acknowledged message means to the agent. */
    public interface Handler {
        /** Captured writes are durable; {@code timeNs} is the capture time of the oldest. */
        void onWritesDurable(long timeNs, int payloadLength);

        /** A chunk is durable; {@code index} names its entry for {@link #isCoveredBehind}. */
        void onChunkDurable(int volume, long firstBlock, long blockCount, int payloadLength, long index);

        /** A cut is durable: a barrier with the clock that was read before it was made, or an END with its capture time. */
        void onCutDurable(long timeNs);

        /** The n-th turn of this volume to ORDERED is durable. */
        void onOrderedDurable(int volume, long turn);
    }

    /** For writes that hold no cut. */
    public static final long NO_CUT = Long.MIN_VALUE;

    private static final byte WRITES = 1;
    private static final byte CHUNK = 2;
    private static final byte CUT = 3;
    private static final byte ORDERED = 4;

    private final byte[] kinds;
    private final short[] volumes;
    private final int[] payloads;
    private final long[] sequences;
    private final long[] firsts;
    private final long[] counts;
    private final int mask;
    private long head;
    private long tail;
    private long chunkBytes;

    /**
     * Room for so many messages.
     *
     * @param capacity a power of two.
     */
    public SentRecords(final int capacity) {
        kinds = new byte[capacity];
        volumes = new short[capacity];
        payloads = new int[capacity];
        sequences = new long[capacity];
        firsts = new long[capacity];
        counts = new long[capacity];
        mask = capacity - 1;
    }

    /** True when {@code count} messages can be added. */
    public boolean hasRoom(final int count) {
        return tail - head + count <= mask + 1;
    }

    /**
     * Captured writes were sent.
     *
     * @param timeNs capture time of the oldest.
     * @param cutTimeNs capture time of the newest up to the END that they hold, or {@link #NO_CUT}.
     */
    public void addWrites(final long sequence, final long timeNs, final long cutTimeNs, final int payloadLength) {
        add(WRITES, sequence, 0, timeNs, cutTimeNs, payloadLength);
    }

    public void addChunk(
            final long sequence,
            final int volume,
            final long firstBlock,
            final long blockCount,
            final int payloadLength) {
        add(CHUNK, sequence, volume, firstBlock, blockCount, payloadLength);
        chunkBytes += payloadLength;
    }

    public void addCut(final long sequence, final long timeNs) {
        add(CUT, sequence, 0, timeNs, 0, 0);
    }

    public void addOrdered(final long sequence, final int volume, final long turn) {
        add(ORDERED, sequence, volume, turn, 0, 0);
    }

    /** Payload of chunks sent and not durable. */
    public long chunkBytes() {
        return chunkBytes;
    }

    /** Everything up to and with {@code sequence} is durable. */
    public void durableTo(final long sequence, final Handler handler) {
        while (head < tail && sequences[(int) head & mask] <= sequence) {
            final int slot = (int) head & mask;
            head++;
            switch (kinds[slot]) {
                case WRITES -> {
                    handler.onWritesDurable(firsts[slot], payloads[slot]);
                    if (counts[slot] != NO_CUT) {
                        handler.onCutDurable(counts[slot]);
                    }
                }
                case CHUNK -> {
                    chunkBytes -= payloads[slot];
                    handler.onChunkDurable(volumes[slot], firsts[slot], counts[slot], payloads[slot], head);
                }
                case CUT -> handler.onCutDurable(firsts[slot]);
                default -> handler.onOrderedDurable(volumes[slot], firsts[slot]);
            }
        }
    }

    /** True when a chunk at or behind {@code index} shares a block with the range: it is not durable yet. */
    public boolean isCoveredBehind(final long index, final int volume, final long firstBlock, final long blockCount) {
        for (long i = index; i < tail; i++) {
            final int slot = (int) i & mask;
            if (kinds[slot] == CHUNK
                    && volumes[slot] == volume
                    && firstBlock < firsts[slot] + counts[slot]
                    && firsts[slot] < firstBlock + blockCount) {
                return true;
            }
        }
        return false;
    }

    /** Forgets what was sent: it belongs to a connection that is gone. */
    public void clear() {
        head = tail;
        chunkBytes = 0;
    }

    private void add(
            final byte kind,
            final long sequence,
            final int volume,
            final long first,
            final long count,
            final int payloadLength) {
        if (!hasRoom(1)) {
            throw new IllegalStateException("too many messages sent and not acknowledged");
        }
        final int slot = (int) tail & mask;
        kinds[slot] = kind;
        sequences[slot] = sequence;
        volumes[slot] = (short) volume;
        firsts[slot] = first;
        counts[slot] = count;
        payloads[slot] = payloadLength;
        tail++;
    }
}
