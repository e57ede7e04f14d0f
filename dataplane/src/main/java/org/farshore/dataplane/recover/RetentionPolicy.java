package org.farshore.dataplane.recover;

/**
 * How far back one wants to go, and how much room that may take; pure values.
 *
 * @param windowNs points younger than this are kept, nanoseconds of the protected machine's time; 0 keeps nothing: what is
 *     durable is applied at once, and no point is offered.
 * @param limitBytes of the journal: what all its segments may take.
 */
public record RetentionPolicy(long windowNs, long limitBytes) {
    /** Longest window: a year. */
    public static final long WINDOW_NS_MAX = 365L * 24 * 3_600 * 1_000_000_000L;

    private static final int ALARM_PERCENT = 80;
    private static final int ALARM_OVER_PERCENT = 75;
    private static final int PERCENT = 100;
    /** Retire waits for so much of a window, so that a block that is overwritten again and again is applied once. */
    private static final int DELAY_SHARE = 16;

    private static final long DELAY_NS_MIN = 1_000_000_000L;
    private static final long DELAY_NS_MAX = 30_000_000_000L;

    public RetentionPolicy {
        if (windowNs < 0 || windowNs > WINDOW_NS_MAX || limitBytes <= 0) {
            throw new IllegalArgumentException("a window of " + windowNs + " ns in " + limitBytes + " bytes");
        }
    }

    /** True when nothing of the past is kept. */
    public boolean isOff() {
        return windowNs == 0;
    }

    /** The same with another window. */
    public RetentionPolicy withWindow(final long newWindowNs) {
        return new RetentionPolicy(newWindowNs, limitBytes);
    }

    /**
     * Whether people should hear that the journal runs short of room.
     *
     * @param usedBytes of the journal that cannot be reused.
     * @param isAlarmed what was answered last: the alarm ends a little below the place where it begins.
     */
    public boolean isAlarm(final long usedBytes, final boolean isAlarmed) {
        return usedBytes >= limitBytes / PERCENT * (isAlarmed ? ALARM_OVER_PERCENT : ALARM_PERCENT);
    }

    /** How long what may be retired waits for more of its kind, nanoseconds. */
    public long retireDelayNs() {
        return Math.max(DELAY_NS_MIN, Math.min(DELAY_NS_MAX, windowNs / DELAY_SHARE));
    }
}
