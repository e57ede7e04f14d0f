package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class PinnedBitsTest {
    private static final int CAPACITY = 1024;
    private static final int BLOCKS = 1000;

    private final UnsafeBuffer memory = new UnsafeBuffer(BufferUtil.allocateDirectAligned(CAPACITY / 8, 64));
    private final PinnedBits bits = new PinnedBits(memory.addressOffset(), CAPACITY, BLOCKS);

    @Test
    void behavesAsASetOfBits() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final BitSet model = new BitSet();
        for (int i = 0; i < 20_000; i++) {
            final int first = random.nextInt(BLOCKS);
            final int count = random.nextInt(random.nextBoolean() ? 3 : BLOCKS - first + 1);
            final int end = Math.min(BLOCKS, first + count);
            if (random.nextBoolean()) {
                bits.setRange(first, end - first);
                model.set(first, end);
            } else {
                bits.clearRange(first, end - first);
                model.clear(first, end);
            }
            final int from = random.nextInt(BLOCKS);
            assertThat(bits.nextSet(from)).as("seed " + seed).isEqualTo(model.nextSetBit(from));
            assertThat(bits.isSet(from)).as("seed " + seed).isEqualTo(model.get(from));
            assertThat(bits.cardinality()).as("seed " + seed).isEqualTo(model.cardinality());
        }
    }

    @Test
    void findsWhatAnEarlierProcessHasSet() {
        bits.setRange(63, 3);
        final PinnedBits later = new PinnedBits(memory.addressOffset(), CAPACITY, BLOCKS);
        assertThat(later.cardinality()).isEqualTo(3);
        assertThat(later.nextSet(0)).isEqualTo(63);
    }

    @Test
    void growsWithinItsCapacity() {
        bits.blockCount(CAPACITY);
        bits.setRange(CAPACITY - 1, 1);
        assertThat(bits.nextSet(0)).isEqualTo(CAPACITY - 1);
        assertThatThrownBy(() -> bits.blockCount(CAPACITY + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesBlocksBehindTheVolume() {
        assertThatThrownBy(() -> bits.setRange(BLOCKS, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> bits.isSet(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
