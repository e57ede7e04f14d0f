package org.farshore.agent.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class OpenReadTest {
    private final OpenRead read = new OpenRead(1 << 20, 9);

    @Test
    void makesHolesOfWhatTouchesTheRangeAndOfNothingElse() {
        read.begin(8192, 8192);
        read.addHole(0, 8192 + 512);
        read.addHole(16_384 - 512, 4096);
        read.addHole(16_384, 512);
        read.addHole(10_240, 1024);
        for (int unit = 0; unit < read.unitCount(); unit++) {
            assertThat(read.isHole(unit)).isEqualTo(unit == 0 || unit == 15 || unit == 4 || unit == 5);
        }
    }

    @Test
    void beginsWithoutHoles() {
        read.begin(0, 4096);
        read.addHole(0, 4096);
        read.end();
        read.begin(0, 4096);
        assertThat(read.isHole(0)).isFalse();
    }

    @Test
    void countsAPieceThatIsPartlyWrittenAsAHole() {
        final OpenRead pieces = new OpenRead(1 << 26, 16);
        pieces.begin(1 << 20, (1 << 26) - 512);
        assertThat(pieces.unitCount()).isEqualTo(1024);
        pieces.addHole((1 << 20) + 65_536 + 100 * 512, 512);
        assertThat(pieces.isHole(0)).isFalse();
        assertThat(pieces.isHole(1)).isTrue();
        assertThat(pieces.isHole(2)).isFalse();
    }

    @Test
    void refusesToBeUsedTwiceAtOnceOrForTooMuch() {
        assertThatThrownBy(() -> read.begin(0, (1 << 20) + 1)).isInstanceOf(IllegalStateException.class);
        read.begin(0, 1 << 20);
        assertThatThrownBy(() -> read.begin(0, 512)).isInstanceOf(IllegalStateException.class);
    }
}
