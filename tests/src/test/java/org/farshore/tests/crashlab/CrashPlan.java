package org.farshore.tests.crashlab;

/**
 * Which flushes of a recording are judged: the first ones, in which a master target makes its files on an empty disk, and
 * some from a place in the stream on, where it retires and reuses segments.
 *
 * @param coldFlushes the first ones.
 * @param warmSequence the place: so much was promised.
 * @param warmFlushes flushes from there on, the end of the recording.
 */
record CrashPlan(int coldFlushes, long warmSequence, int warmFlushes) {
    /** By then segments of the journal have been reused. */
    private static final long WARM_SEQUENCE = 900;

    /** So many flushes, of them three tenths at the begin. */
    static CrashPlan of(final int flushes) {
        final int cold = flushes * 3 / 10;
        return new CrashPlan(cold, WARM_SEQUENCE, flushes - cold);
    }

    /** Every flush up to so many behind that place. */
    static CrashPlan all(final int warmFlushes) {
        return new CrashPlan(Integer.MAX_VALUE, WARM_SEQUENCE, warmFlushes);
    }

    boolean isJudged(final int flush, final int warmFlush) {
        return flush < coldFlushes || (warmFlush >= 0 && warmFlush < warmFlushes);
    }
}
