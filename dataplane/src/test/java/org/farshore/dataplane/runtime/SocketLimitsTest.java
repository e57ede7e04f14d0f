package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SocketLimitsTest {
    @Test
    void takesAWindowOf128KibWhenTheKernelGrantsItsUsual212992Bytes() {
        final SocketLimits limits = new SocketLimits(212_992, 212_992);

        assertThat(limits.windowLength()).isEqualTo(128 << 10);
        assertThat(limits.isTight()).isTrue();
    }

    @Test
    void takesAtMostHalfATerm() {
        final SocketLimits limits = new SocketLimits(4 << 20, 4 << 20);

        assertThat(limits.windowLength()).isEqualTo(RoleDriver.TERM_LENGTH / 2);
        assertThat(limits.isTight()).isFalse();
    }

    @Test
    void neverGoesBelowTheLargestDatagram() {
        assertThat(new SocketLimits(1_000, 1_000).windowLength()).isGreaterThanOrEqualTo(65_504);
    }

    @Test
    void asksTheKernel() {
        final SocketLimits limits = SocketLimits.probe();

        assertThat(limits.receiveLength()).isBetween(1, SocketLimits.BUFFER_LENGTH_WANTED);
        assertThat(limits.sendLength()).isBetween(1, SocketLimits.BUFFER_LENGTH_WANTED);
    }
}
