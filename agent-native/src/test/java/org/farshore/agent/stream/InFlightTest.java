package org.farshore.agent.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InFlightTest {
    private final InFlight inFlight = new InFlight(64);

    @Test
    void countsSectorsUntilTheyComplete() {
        assertThat(inFlight.submit(1, 5, 0b0110, 0)).isTrue();
        assertThat(inFlight.busy(1, 5)).isEqualTo(0b0110);
        assertThat(inFlight.busy(2, 5)).isZero();
        assertThat(inFlight.complete(1, 5, 0b0010)).isZero();
        assertThat(inFlight.busy(1, 5)).isEqualTo(0b0100);
        assertThat(inFlight.complete(1, 5, 0b0100)).isZero();
        assertThat(inFlight.size()).isZero();
    }

    @Test
    void tellsSectorsWhoseSubmissionWasNeverSeen() {
        inFlight.submit(1, 5, 0b0001, 0);
        assertThat(inFlight.complete(1, 5, 0b0011)).isEqualTo(0b0010);
        assertThat(inFlight.complete(1, 5, 0b1111_1111)).isEqualTo(0b1111_1111);
    }

    @Test
    void tellsOverlappedSectorsWhenTheLastWriteOfThemCompletes() {
        inFlight.submit(1, 5, 0b0011, 0);
        inFlight.submit(1, 5, 0b0110, 0);
        assertThat(inFlight.complete(1, 5, 0b0110)).isZero();
        assertThat(inFlight.complete(1, 5, 0b0011)).isEqualTo(0b0010 << 8);
        assertThat(inFlight.size()).isZero();
    }

    @Test
    void saysWhenACounterIsFull() {
        for (int i = 0; i < 127; i++) {
            assertThat(inFlight.submit(0, 0, 1, 0)).isTrue();
        }
        assertThat(inFlight.submit(0, 0, 1, 0)).isFalse();
        assertThat(inFlight.submit(0, 0, 2, 0)).isTrue();
    }

    @Test
    void saysWhenTheTableIsFull() {
        for (int block = 0; block < 48; block++) {
            assertThat(inFlight.submit(0, block, 1, 0)).isTrue();
        }
        assertThat(inFlight.submit(0, 48, 1, 0)).isFalse();
        assertThat(inFlight.submit(0, 47, 2, 0)).isTrue();
    }

    @Test
    void forgetsOneVolumeAndKeepsTheOthers() {
        for (int block = 0; block < 40; block++) {
            inFlight.submit(block % 3, block, 1, 0);
        }
        inFlight.forget(1);
        for (int block = 0; block < 40; block++) {
            assertThat(inFlight.busy(block % 3, block)).isEqualTo(block % 3 == 1 ? 0 : 1);
        }
    }

    @Test
    void findsWritesThatAreOlderThanAMoment() {
        inFlight.submit(0, 1, 1, 1_000);
        inFlight.submit(0, 2, 1, 3_000);
        inFlight.submit(0, 1, 2, 5_000);
        int found = 0;
        for (int slot = 0; slot < inFlight.slotCount(); slot++) {
            if (inFlight.isOlder(slot, 0, 2_000)) {
                assertThat(inFlight.blockAt(slot)).isEqualTo(1);
                found++;
            }
        }
        assertThat(found).isEqualTo(1);
    }

    @Test
    void agreesWithAPlainMapThroughRandomUse() {
        final Random random = new Random(7);
        final Map<Long, int[]> plain = new HashMap<>();
        for (int step = 0; step < 200_000; step++) {
            final int volume = random.nextInt(2);
            final long block = random.nextInt(24);
            final int[] counts = plain.computeIfAbsent((long) volume << 40 | block, key -> new int[8]);
            final int sector = random.nextInt(8);
            if (random.nextBoolean() && counts[sector] < 5) {
                assertThat(inFlight.submit(volume, block, 1 << sector, 0)).isTrue();
                counts[sector]++;
            } else {
                final int unmatched = inFlight.complete(volume, block, 1 << sector) & 0xFF;
                assertThat(unmatched).isEqualTo(counts[sector] == 0 ? 1 << sector : 0);
                counts[sector] = Math.max(0, counts[sector] - 1);
            }
            assertThat(inFlight.busy(volume, block) >> sector & 1).isEqualTo(counts[sector] > 0 ? 1 : 0);
        }
    }
}
