package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HumanTextTest {
    @Test
    void shouldWriteSizesInTheUnitThatLeavesFewDigits() {
        assertThat(HumanText.bytes(0)).isEqualTo("0 B");
        assertThat(HumanText.bytes(1023)).isEqualTo("1023 B");
        assertThat(HumanText.bytes(4096)).isEqualTo("4.0 KiB");
        assertThat(HumanText.bytes(1L << 30)).isEqualTo("1.0 GiB");
        assertThat(HumanText.bytes((1L << 30) - 1)).isEqualTo("1.0 GiB");
        assertThat(HumanText.bytes(-4096)).isEqualTo("-4.0 KiB");
    }

    @Test
    void shouldWriteRatesAlwaysInMegabytes() {
        assertThat(HumanText.rate(0)).isEqualTo("0.0 MB/s");
        assertThat(HumanText.rate(12_340_000)).isEqualTo("12.3 MB/s");
        assertThat(HumanText.rate(1_234_000_000)).isEqualTo("1234 MB/s");
    }

    @Test
    void shouldWriteDurationsWithTwoOrThreeDigits() {
        assertThat(HumanText.durationMs(12)).isEqualTo("12 ms");
        assertThat(HumanText.durationMs(350)).isEqualTo("0.35 s");
        assertThat(HumanText.durationMs(42_000)).isEqualTo("42 s");
        assertThat(HumanText.durationMs(185_000)).isEqualTo("3 min 05 s");
        assertThat(HumanText.durationMs(7_800_000)).isEqualTo("2 h 10 min");
        assertThat(HumanText.durationMs(-1)).isEqualTo("-");
    }

    @Test
    void shouldNotCallAlmostAllDone() {
        assertThat(HumanText.percent(0.99999)).isEqualTo("99.9 %");
        assertThat(HumanText.bar(0.99999, 10)).isEqualTo("[#########-]");
        assertThat(HumanText.percent(1)).isEqualTo("100.0 %");
        assertThat(HumanText.bar(1, 10)).isEqualTo("[##########]");
        assertThat(HumanText.bar(2, 4)).isEqualTo("[####]");
        assertThat(HumanText.bar(-1, 4)).isEqualTo("[----]");
    }

    @Test
    void shouldReadSizesAsTheyAreTyped() {
        assertThat(HumanText.parseBytes("4096")).isEqualTo(4096);
        assertThat(HumanText.parseBytes("64K")).isEqualTo(65_536);
        assertThat(HumanText.parseBytes("1g")).isEqualTo(1L << 30);
        assertThatThrownBy(() -> HumanText.parseBytes("1.5g")).hasMessageContaining("is no size");
        assertThatThrownBy(() -> HumanText.parseBytes("")).hasMessageContaining("is no size");
        assertThatThrownBy(() -> HumanText.parseBytes("99999999999t")).hasMessageContaining("too large");
    }
}
