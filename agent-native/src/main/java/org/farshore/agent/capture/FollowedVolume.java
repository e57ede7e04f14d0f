package org.farshore.agent.capture;

import org.agrona.concurrent.UnsafeBuffer;

/** The bits of one volume that is followed, and its entry in the pinned state. One thread, beside the kernel's programs. */
final class FollowedVolume {
    private static final int SECTORS_PER_BLOCK_SHIFT = 3;
    /** No harvest has been made by this process. */
    private static final long NEVER = -1;

    private final int number;
    private final CaptureState state;
    private final UnsafeBuffer lost;
    private final PinnedBits todo;
    private final PinnedBits sent;
    private long harvestedEpoch = NEVER;

    /** Maps the entry {@code number} of the state, which is filled in. */
    FollowedVolume(final int number, final CaptureMaps maps) {
        this.number = number;
        this.state = maps.state();
        final long firstBit = getLong(CaptureState.FIRST_BIT);
        final long capacity = getLong(CaptureState.BIT_CAPACITY);
        final long blocks = blocks(getLong(CaptureState.SECTOR_COUNT));
        lost = new UnsafeBuffer(maps.lostAddress(firstBit), (int) (capacity >>> 3));
        todo = new PinnedBits(maps.todoAddress(firstBit), capacity, blocks);
        sent = new PinnedBits(maps.sentAddress(firstBit), capacity, blocks);
        maps.firstPosition(number, getLong(CaptureState.FIRST_POSITION));
    }

    /** Blocks of 4 KiB that {@code sectors} touch. */
    static long blocks(final long sectors) {
        return (sectors + (1 << SECTORS_PER_BLOCK_SHIFT) - 1) >>> SECTORS_PER_BLOCK_SHIFT;
    }

    PinnedBits todo() {
        return todo;
    }

    PinnedBits sent() {
        return sent;
    }

    int getInt(final int field) {
        return state.getInt(CaptureState.volume(number, field));
    }

    void putInt(final int field, final int value) {
        state.putInt(CaptureState.volume(number, field), value);
    }

    long getLong(final int field) {
        return state.getLong(CaptureState.volume(number, field));
    }

    /** A volume that is new has nothing to read and nothing lost, whoever had its bits before. */
    void clearBits() {
        todo.clear();
        sent.clear();
        lost.setMemory(0, lost.capacity(), (byte) 0);
    }

    /**
     * Moves lost bits to todo: todo first, then exactly those are taken out of lost, while the programs go on setting others.
     *
     * @param epoch read before: a loss that counts in it has its bits set already, since the programs raise it last.
     */
    long harvest(final long epoch) {
        long moved = 0;
        for (int at = 0; at < lost.capacity(); at += 8) {
            final long bits = lost.getLongVolatile(at);
            if (bits != 0) {
                moved += todo.setWord((long) at << 3, bits);
                takeOut(at, bits);
            }
        }
        harvestedEpoch = epoch;
        return moved;
    }

    private void takeOut(final int at, final long bits) {
        long now = lost.getLongVolatile(at);
        while (!lost.compareAndSetLong(at, now, now & ~bits)) {
            now = lost.getLongVolatile(at);
        }
    }

    /**
     * True when any bit is lost. Cheap as long as nothing was lost since the last look: a bit that is set already while its
     * loss does not count yet belongs to a write that is still on its way to the device, or that its writer has not been told of.
     *
     * @param epoch of the kernel's losses, read before.
     */
    boolean anyLost(final long epoch) {
        if (epoch == harvestedEpoch) {
            return false;
        }
        for (int at = 0; at < lost.capacity(); at += 8) {
            if (lost.getLongVolatile(at) != 0) {
                return true;
            }
        }
        harvestedEpoch = epoch;
        return false;
    }

    /** Follows growth within the capacity; the added blocks, and one that was partial, are to be read. */
    void grow(final long sectors) {
        final long before = getLong(CaptureState.SECTOR_COUNT);
        final long blocks = blocks(sectors);
        final long firstAdded = before >>> SECTORS_PER_BLOCK_SHIFT;
        todo.blockCount(blocks);
        sent.blockCount(blocks);
        // Bits before size: a kill in between finds the old size and grows again.
        todo.setRange(firstAdded, blocks - firstAdded);
        state.putLong(CaptureState.volume(number, CaptureState.SECTOR_COUNT), sectors);
    }
}
