package org.farshore.dataplane.recover;

import java.util.List;

/**
 * Which points must be kept, and so how far retire may go.
 *
 * <p><b>Age is the protected machine's own time</b>: from a point to the newest one, as its monotonic clock went, and over a
 * restart of it, where that clock begins anew, as its wall clock did. Two machines' clocks are never compared, a wall clock
 * that jumps ages nothing, and while a machine is silent its history stays: who comes back after a weekend finds the hours
 * before the disaster. Only while a full journal holds the sender back does the time here count, too
 * ({@code heldNs}): else nothing would ever become old enough to make room.
 *
 * <p><b>The newest state of each volume stays</b> (D4). A volume that is out of order is in no new point; the last one that
 * names it is kept however old it is, until a newer one does. One that has left the stream keeps its points for the window, as
 * if it were there: it may have been taken out by mistake.
 *
 * <p>One thread, the one that follows the journal.
 */
final class RetentionRule {
    /** What {@link #retirePosition} answers when nothing is in the way. */
    static final long EVERYTHING = Long.MAX_VALUE;

    private final Catalogue catalogue;

    RetentionRule(final Catalogue catalogue) {
        this.catalogue = catalogue;
    }

    /**
     * How far the base copies may go.
     *
     * @param floor points below are withdrawn.
     * @param heldNs how long the sender has been held back since the newest point, on this machine's clock.
     * @return the position of the newest point that is older than the window, or of an older one that must be kept; the
     *     floor when there is none; {@link #EVERYTHING} when there is no point to keep at all.
     */
    long retirePosition(final long windowNs, final long floor, final long heldNs) {
        final List<CatalogueEntry> points = catalogue.points();
        long unnamed = catalogue.known();
        long keep = EVERYTHING;
        long aged = floor;
        long age = heldNs;
        boolean isAged = false;
        boolean isAny = false;
        for (int i = points.size() - 1; i >= 0 && points.get(i).position() >= floor; i--) {
            final CatalogueEntry point = points.get(i);
            age += i + 1 < points.size() ? elapsed(point, points.get(i + 1)) : 0;
            final boolean isValid = point.ordered() != 0 && catalogue.withdrawalOf(point.position()) == null;
            isAny |= isValid;
            if (isValid && (point.ordered() & unnamed) != 0) {
                unnamed &= ~point.ordered();
                keep = point.position();
            }
            if (isValid && !isAged && age >= windowNs) {
                isAged = true;
                aged = point.position();
            }
            if (isAged && unnamed == 0) {
                break;
            }
        }
        return isAny ? Math.min(keep, aged) : EVERYTHING;
    }

    /** Nanoseconds from one point to the next. */
    private static long elapsed(final CatalogueEntry from, final CatalogueEntry to) {
        final long monotonic = to.captureTimeNs() - from.captureTimeNs();
        return monotonic >= 0 ? monotonic : Math.max(0, to.wallTimeNs() - from.wallTimeNs());
    }

    /** True when the newest point that is not withdrawn names every volume, and lies behind a position. */
    boolean isWholeBehind(final long position) {
        final List<CatalogueEntry> points = catalogue.points();
        for (int i = points.size() - 1; i >= 0 && points.get(i).position() > position; i--) {
            final CatalogueEntry point = points.get(i);
            if (catalogue.withdrawalOf(point.position()) == null) {
                return (catalogue.known() & ~point.ordered()) == 0 && point.ordered() != 0;
            }
        }
        return false;
    }
}
