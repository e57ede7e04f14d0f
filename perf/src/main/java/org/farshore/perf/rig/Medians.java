package org.farshore.perf.rig;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** The middle of the rounds: one round that another process disturbed moves it little. */
final class Medians {
    private Medians() {}

    /** Median of one figure over the rounds; the mean of the two middle ones when their number is even. */
    static <T> double of(final List<T> rounds, final ToDoubleFunction<T> figure) {
        final double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
        if (sorted.length == 0) {
            return Double.NaN;
        }
        final int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
