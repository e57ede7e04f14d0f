package org.farshore.dataplane.journal;

/**
 * Arithmetic of positions: segment number * segment length + offset. A position at the very end of a segment belongs to that
 * segment, not to the next: the end of a full segment and the begin of the next header would else be one number.
 */
final class Positions {
    private final int segmentLength;

    Positions(final int segmentLength) {
        this.segmentLength = segmentLength;
    }

    long of(final long segmentNumber, final int offset) {
        return segmentNumber * segmentLength + offset;
    }

    /** Position of the first group of a segment. */
    long begin(final long segmentNumber) {
        return of(segmentNumber, JournalLimits.SEGMENT_HEADER_LENGTH);
    }

    /** Segment in which the bytes before {@code position} lie. */
    long segmentOf(final long position) {
        return (position - 1) / segmentLength;
    }

    /** Offset in {@link #segmentOf}, 1 to segment length. */
    int offsetOf(final long position) {
        return (int) (position - segmentOf(position) * segmentLength);
    }

    int segmentLength() {
        return segmentLength;
    }
}
