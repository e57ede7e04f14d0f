package org.farshore.tests.simulation;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What many runs came to.
 *
 * @param wallNs of the clock on the wall.
 * @param workNs of all threads together.
 */
record SimulationSummary(long seeds, long failed, long wallNs, long workNs, Tally tally) {
    private static final double SECOND_NS = 1e9;
    private static final double HOUR_NS = 3600e9;

    double seedsPerSecond() {
        return seeds * SECOND_NS / Math.max(1, wallNs);
    }

    /** A thread of work counts as a core: more threads than cores show less than the truth. */
    double seedsPerSecondAndCore() {
        return seeds * SECOND_NS / Math.max(1, workNs);
    }

    double faultsPerSeed() {
        return (double) tally.faults() / Math.max(1, seeds);
    }

    double faultsPerSimulatedHour() {
        return tally.faults() * HOUR_NS / Math.max(1, tally.simulatedNs());
    }

    double simulatedToReal() {
        return (double) tally.simulatedNs() / Math.max(1, wallNs);
    }

    /** For a line that is written over and over. */
    String line() {
        return String.format(
                Locale.ROOT,
                "%,d seeds, %d failed, %.1f seeds/s, %,.0f faults/s, %.1f h simulated",
                seeds,
                failed,
                seedsPerSecond(),
                tally.faults() * SECOND_NS / Math.max(1, wallNs),
                tally.simulatedNs() / HOUR_NS);
    }

    String text() {
        final StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "seeds              %,d, %d of them failed%n", seeds, failed));
        text.append(String.format(
                Locale.ROOT,
                "speed              %.1f seeds/s, %.1f seeds/s per core%n",
                seedsPerSecond(),
                seedsPerSecondAndCore()));
        text.append(String.format(
                Locale.ROOT,
                "faults             %.0f per seed, %,.0f per simulated hour%n",
                faultsPerSeed(),
                faultsPerSimulatedHour()));
        text.append(String.format(
                Locale.ROOT,
                "time               %.1f h simulated, %,.0f times real time%n",
                tally.simulatedNs() / HOUR_NS,
                simulatedToReal()));
        text.append(String.format(
                Locale.ROOT,
                "checked            %,d recovery points, %,d times coverage, %,d writes, %,d steps%n",
                tally.points(),
                tally.checks(),
                tally.writes(),
                tally.steps()));
        text.append("sometimes\n");
        for (final Rarity rarity : Rarity.values()) {
            text.append(String.format(Locale.ROOT, "  %,11d  %s%n", tally.reachedCount(rarity), rarity.meaning()));
        }
        return text.toString();
    }

    /** The same for programs. */
    Map<String, Object> values() {
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("seeds", seeds);
        values.put("failed", failed);
        values.put("seedsPerSecond", seedsPerSecond());
        values.put("seedsPerSecondAndCore", seedsPerSecondAndCore());
        values.put("faultsPerSeed", faultsPerSeed());
        values.put("faultsPerSimulatedHour", faultsPerSimulatedHour());
        values.put("simulatedToReal", simulatedToReal());
        values.put("recoveryPoints", tally.points());
        for (final Rarity rarity : Rarity.values()) {
            values.put("sometimes." + rarity.name().toLowerCase(Locale.ROOT), tally.reachedCount(rarity));
        }
        for (final FaultKind kind : FaultKind.values()) {
            values.put("faults." + kind.name().toLowerCase(Locale.ROOT), tally.faults(kind));
        }
        return values;
    }
}
