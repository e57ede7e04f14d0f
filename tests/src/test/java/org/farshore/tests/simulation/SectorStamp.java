package org.farshore.tests.simulation;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Content of a sector that says which write it is of, and for which place it was meant. A sector that was torn, misdirected
 * or mixed from two writes has no valid stamp. Sectors of zeros are nobody's: number 0.
 */
final class SectorStamp {
    static final int LENGTH = 512;
    /** What has no valid stamp. */
    static final int DAMAGED = -1;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int WORDS = LENGTH / Long.BYTES;
    /** So many words differ from each other; the rest repeats them, so that some batches are worth compressing. */
    private static final int DIFFERENT_MIN = 8;

    private SectorStamp() {}

    static void put(final byte[] bytes, final int offset, final int write, final int volume, final int sector) {
        final int different = differentWords(write);
        WORD.set(bytes, offset, (long) write);
        for (int word = 1; word < WORDS; word++) {
            WORD.set(bytes, offset + word * Long.BYTES, word(write, volume, sector, word % different));
        }
    }

    /** Number of the write whose sector this is, 0 for zeros, {@link #DAMAGED} for what is neither. */
    static int read(final byte[] bytes, final int offset, final int volume, final int sector) {
        final long write = (long) WORD.get(bytes, offset);
        final int different = differentWords((int) write);
        for (int word = 1; word < WORDS; word++) {
            final long expected = write == 0 ? 0 : word((int) write, volume, sector, word % different);
            if ((long) WORD.get(bytes, offset + word * Long.BYTES) != expected) {
                return DAMAGED;
            }
        }
        return write < 0 || write > Integer.MAX_VALUE ? DAMAGED : (int) write;
    }

    private static int differentWords(final int write) {
        return (write & 3) == 0 ? WORDS : DIFFERENT_MIN;
    }

    private static long word(final int write, final int volume, final int sector, final int word) {
        return Dice.mix(((long) write << 32 | (long) volume << 24 | sector) * 64 + word) | 1;
    }
}
