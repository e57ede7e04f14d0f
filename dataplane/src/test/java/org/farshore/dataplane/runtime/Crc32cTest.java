package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class Crc32cTest {
    private final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(64));

    @Test
    void givesTheCheckValueOfRfc3720() {
        buffer.putBytes(5, "123456789".getBytes(StandardCharsets.US_ASCII));
        assertThat(Crc32c.compute(buffer, 5, 9)).isEqualTo(0xE3069283);
    }

    @Test
    void leavesOutExactlyTheFieldOfTheChecksumItself() {
        for (int i = 0; i < 64; i++) {
            buffer.putByte(i, (byte) (i * 37));
        }
        final CRC32C reference = new CRC32C();
        for (int i = 4; i < 60; i++) {
            if (i < 12 || i >= 16) {
                reference.update(buffer.getByte(i));
            }
        }
        assertThat(Crc32c.computeAround(buffer, 4, 56, 8)).isEqualTo((int) reference.getValue());
    }

    @Test
    void refusesMemoryOnTheHeapAndRangesOutsideTheBuffer() {
        assertThatThrownBy(() -> Crc32c.compute(new UnsafeBuffer(new byte[8]), 0, 8))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Crc32c.compute(buffer, 60, 8)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
