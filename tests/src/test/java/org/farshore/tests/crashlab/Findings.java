package org.farshore.tests.crashlab;

import java.util.HashSet;
import java.util.Set;

/** What a run of the lab has looked at; for people, and so that a test notices when it looked at nothing. */
final class Findings {
    private final Set<Long> states = new HashSet<>();
    private int flushes;
    private int cuts;
    private int views;
    private int replicas;
    private long newestSequence;
    private int retired;
    private int tornIndexes;

    void flush() {
        flushes++;
    }

    void cut() {
        cuts++;
    }

    void recovered(final long endSequence, final boolean isRetired) {
        newestSequence = Math.max(newestSequence, endSequence);
        retired += isRetired ? 1 : 0;
    }

    void compared(final long sequence, final int volume) {
        views++;
        states.add(sequence << 8 | volume);
    }

    void tornIndex(final boolean isTorn) {
        tornIndexes += isTorn ? 1 : 0;
    }

    void replica() {
        replicas++;
    }

    /** Flushes behind which the disk was judged. */
    int flushes() {
        return flushes;
    }

    /** Views of points and ENDs that were compared byte by byte. */
    int views() {
        return views;
    }

    /** Cuts behind which part of the journal had been retired. */
    int retiredCuts() {
        return retired;
    }

    @Override
    public String toString() {
        return flushes + " flushes, " + cuts + " cuts (" + retired + " behind a retired prefix, " + tornIndexes
                + " with a torn page of the index), " + views
                + " views of points compared (" + states.size() + " different), " + replicas
                + " replicas, newest sequence " + newestSequence;
    }
}
