package org.farshore.tests.simulation.bugs;

import org.farshore.dataplane.index.IndexCostRig;

/** The version index alone: what it pays for rewrites and for zeros over long stretches. */
public final class IndexHunt implements Hunt {
    @Override
    public String apply(final long seed) {
        try {
            new IndexCostRig(seed).play();
            return null;
        } catch (final RuntimeException | AssertionError e) {
            return e.toString();
        }
    }
}
