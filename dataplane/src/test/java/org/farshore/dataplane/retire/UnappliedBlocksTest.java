package org.farshore.dataplane.retire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UnappliedBlocksTest {
    private static final long GIB = 1L << 30;

    private final UnappliedBlocks blocks = new UnappliedBlocks();

    @Test
    void shouldKnowEveryBlockThatAnExtentTouches() {
        blocks.mark(1, 4096 * 3 + 512, 4096, 10);
        assertThat(blocks.isMarked(1, 4096 * 3, 512)).isTrue();
        assertThat(blocks.isMarked(1, 4096 * 4 + 3584, 512)).isTrue();
        assertThat(blocks.isMarked(1, 4096 * 2, 4096)).isFalse();
        assertThat(blocks.isMarked(1, 4096 * 5, 4096)).isFalse();
        assertThat(blocks.isMarked(2, 4096 * 3, 4096)).isFalse();
        assertThat(blocks.isMarked(1, 0, GIB)).isTrue();
    }

    @Test
    void shouldMarkADiscardOfSixteenTebibytesCheaply() {
        blocks.mark(9, 0, 16384 * GIB, 10);
        assertThat(blocks.isMarked(9, 16384 * GIB - 4096, 4096)).isTrue();
        blocks.mark(9, 4096, 4096, 11);
        assertThat(blocks.isMarked(9, 8192, 4096)).isTrue();
    }

    @Test
    void shouldNeverForgetABlockBeforeItsFrameIsApplied() {
        final Random random = new Random(2);
        final Map<Long, Long> newestFrame = new HashMap<>();
        long position = 0;
        long applied = 0;
        for (int i = 0; i < 100_000; i++) {
            final long block = random.nextInt(4) * (GIB / 4096) + random.nextInt(50);
            position += 32;
            blocks.mark(1, block * 4096, 4096, position);
            newestFrame.put(block, position);
            if (random.nextInt(20) == 0) {
                applied += random.nextInt((int) (position - applied) + 1);
            }
            blocks.doWork(applied);
            final long asked = random.nextInt(4) * (GIB / 4096) + random.nextInt(50);
            if (newestFrame.getOrDefault(asked, -1L) >= applied) {
                assertThat(blocks.isMarked(1, asked * 4096, 4096)).isTrue();
            }
        }
        for (int i = 0; i < 100; i++) {
            blocks.doWork(Long.MAX_VALUE);
        }
        assertThat(blocks.isMarked(1, 0, 4 * GIB)).as("and let it go then").isFalse();
    }
}
