package org.farshore.perf.load;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** What the written bytes are like. Each kind fills a buffer from one fixed seed, so that every run sees the same bytes. */
public enum PayloadMix {
    /** Does not shrink: what encrypted or already compressed files look like. */
    RANDOM {
        @Override
        void fillRecord(final ByteBuffer target, final SplittableRandom random, final int record) {
            for (int i = 0; i < RECORD_LENGTH; i += Long.BYTES) {
                target.putLong(random.nextLong());
            }
        }
    },
    /** Half of each record is random, the rest repeats: LZ4 shrinks it by about a third, as it does database pages. */
    MIXED {
        @Override
        void fillRecord(final ByteBuffer target, final SplittableRandom random, final int record) {
            target.putLong(0x5245434f5244_0000L).putLong(record).putLong(random.nextInt(1 << 16));
            for (int i = 0; i < 8; i++) {
                target.putLong(random.nextLong());
            }
            for (int i = 0; i < 5; i++) {
                target.putLong(0x2020202020202020L);
            }
        }
    },
    /** A short number now and then in a page of one value: shrinks to a small part. */
    SPARSE {
        @Override
        void fillRecord(final ByteBuffer target, final SplittableRandom random, final int record) {
            target.putLong((record & 3) == 0 ? random.nextLong() : 7);
            for (int i = Long.BYTES; i < RECORD_LENGTH; i += Long.BYTES) {
                target.putLong(1);
            }
        }
    };

    /** Bytes of one record; buffers are multiples of it. */
    static final int RECORD_LENGTH = 128;

    private static final long SEED = 20_260_101;

    /** Fills {@code target} from its position to its limit; the room is a multiple of 128 bytes. */
    public void fill(final ByteBuffer target) {
        final SplittableRandom random = new SplittableRandom(SEED);
        target.order(ByteOrder.LITTLE_ENDIAN);
        for (int record = 0; target.remaining() >= RECORD_LENGTH; record++) {
            fillRecord(target, random, record);
        }
    }

    abstract void fillRecord(ByteBuffer target, SplittableRandom random, int record);
}
