package org.farshore.dataplane.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class ZeroBlocksTest {
    private final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(3 * 4096));

    @Test
    void findsEveryByteThatIsNotZero() {
        assertThat(ZeroBlocks.isZero(buffer, 4096, 4096)).isTrue();
        for (int i = 0; i < 4096; i++) {
            buffer.putByte(4096 + i, (byte) 0x80);
            assertThat(ZeroBlocks.isZero(buffer, 4096, 4096)).as("byte %d", i).isFalse();
            buffer.putByte(4096 + i, (byte) 0);
        }
    }

    @Test
    void looksAtNothingOutsideTheBlock() {
        buffer.putByte(4095, (byte) 1);
        buffer.putByte(8192, (byte) 1);

        assertThat(ZeroBlocks.isZero(buffer, 4096, 4096)).isTrue();
    }

    @Test
    void refusesToLeaveTheBuffer() {
        assertThatThrownBy(() -> ZeroBlocks.isZero(buffer, 2 * 4096 + 64, 4096))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
