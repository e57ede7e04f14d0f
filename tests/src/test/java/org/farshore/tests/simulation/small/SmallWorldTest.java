package org.farshore.tests.simulation.small;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every fate that fits into a world of three writes, alone, and many pairs. No chance in it: what fails here fails every time,
 * and is named by its script and its fates.
 */
@Tag("hunt")
class SmallWorldTest {
    private static final int SUBSET_BITS_MAX = 4;
    private static final int PAIR_STRIDE = 1_999;
    private static final int STORMS = 60;

    @Test
    void holdsInStorms() {
        final long begunNs = System.nanoTime();
        final List<String> failures = LongStream.rangeClosed(1, STORMS)
                .parallel()
                .mapToObj(seed -> {
                    final String failure = Storm.play(seed);
                    return failure == null ? "" : "seed " + seed + ": " + failure;
                })
                .filter(failure -> !failure.isEmpty())
                .toList();
        System.out.printf("small world: %d storms, %.1f s%n", STORMS, (System.nanoTime() - begunNs) / 1e9);
        assertThat(failures).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Script.class)
    void holdsWhateverGoesWrong(final Script script) {
        final long begunNs = System.nanoTime();
        final Exhaustion exhaustion = new Exhaustion(script, SUBSET_BITS_MAX, PAIR_STRIDE);
        exhaustion.run();
        System.out.printf("small world: %s, %.1f s%n", exhaustion, (System.nanoTime() - begunNs) / 1e9);
        assertThat(exhaustion.failures()).isEmpty();
        assertThat(exhaustion.runs()).isGreaterThan(1_000);
    }
}
