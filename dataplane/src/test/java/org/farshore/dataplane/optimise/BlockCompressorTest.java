package org.farshore.dataplane.optimise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.api.Test;

class BlockCompressorTest {
    private static final int LENGTH = 61_440;

    private final BlockCompressor compressor = new BlockCompressor();
    private final ByteBuffer source = ByteBuffer.allocateDirect(LENGTH + 8192);
    private final Random random = new Random(11);

    @Test
    void makesABlockThatGivesTheSameBytesBack() {
        fill(4096, LENGTH, 16);
        final int length = compressor.compress(source, 4096, LENGTH);

        assertThat(length).isBetween(1, LENGTH / 2);
        final byte[] block = new byte[length];
        compressor.output().getBytes(0, block);
        final byte[] back = LZ4Factory.safeInstance().safeDecompressor().decompress(block, LENGTH);
        final byte[] original = new byte[LENGTH];
        source.get(4096, original);
        assertThat(back).isEqualTo(original);
    }

    @Test
    void letsRandomBytesPass() {
        fill(0, LENGTH, 1);

        assertThat(compressor.compress(source, 0, LENGTH)).isZero();
    }

    @Test
    void letsTinyPayloadsPass() {
        assertThat(compressor.compress(source, 0, 511)).isZero();
        assertThat(compressor.compress(source, 0, 0)).isZero();
    }

    @Test
    void compressesASingleSector() {
        assertThat(compressor.compress(source, 0, 512)).isBetween(1, 100);
    }

    /** Runs of equal bytes of length {@code run}: 1 is random. */
    private void fill(final int offset, final int length, final int run) {
        byte value = 0;
        for (int i = 0; i < length; i++) {
            value = i % run == 0 ? (byte) random.nextInt() : value;
            source.put(offset + i, value);
        }
    }
}
