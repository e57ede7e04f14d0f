package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * Makes a failing scenario smaller, as long as the same invariant fails: leaves out runs of faults, large ones first, then
 * fewer writes. (Delta debugging, A. Zeller and R. Hildebrandt, 2002, without its complement step: a run of a world is
 * cheap and most faults have nothing to do with the failure.)
 */
final class Shrinker {
    private final int runsMax;
    private int runs;

    /** @param runsMax worlds to run at most. */
    Shrinker(final int runsMax) {
        this.runsMax = runsMax;
    }

    /** The smallest failing scenario found; the given one when none is smaller. */
    Outcome shrink(final Outcome failed) {
        Outcome smallest = withoutRuns(failed);
        for (int writes = smallest.scenario().workload().writesMax() / 2; writes > 0 && runs < runsMax; writes /= 2) {
            final Outcome smaller = tryOut(smallest, smallest.scenario().withWrites(writes));
            if (smaller == null) {
                break;
            }
            smallest = smaller;
        }
        return withoutRuns(smallest);
    }

    private Outcome withoutRuns(final Outcome failed) {
        Outcome smallest = failed;
        for (int length = Math.max(1, failed.scenario().faults().size() / 2); length > 0; length /= 2) {
            for (int from = 0; from < smallest.scenario().faults().size() && runs < runsMax; ) {
                final List<Fault> kept = new ArrayList<>(smallest.scenario().faults());
                kept.subList(from, Math.min(kept.size(), from + length)).clear();
                final Outcome smaller = tryOut(smallest, smallest.scenario().withFaults(kept));
                if (smaller == null) {
                    from += length;
                } else {
                    smallest = smaller;
                }
            }
        }
        return smallest;
    }

    /** The outcome when it fails in the same way, else null. */
    private Outcome tryOut(final Outcome known, final Scenario scenario) {
        runs++;
        final Outcome outcome = World.run(scenario);
        final boolean isSame = !outcome.isGood()
                && outcome.violation().invariant().equals(known.violation().invariant());
        return isSame ? outcome : null;
    }
}
