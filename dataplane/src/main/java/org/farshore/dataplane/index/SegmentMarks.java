package org.farshore.dataplane.index;

import java.util.Arrays;

/**
 * Where in the order of ids each journal segment begins, and how much was there before: so that raising the horizon by a
 * segment is a look at one line, and live versions and bytes are a subtraction. Writer's thread.
 */
final class SegmentMarks {
    private static final int LINE = 4;

    private final int segmentLength;
    private long[] lines = new long[64 * LINE];
    private int count;
    private long nextSegmentBegin;
    private long versions;
    private long sectors;
    private long versionsAtHorizon;
    private long sectorsAtHorizon;

    SegmentMarks(final int segmentLength) {
        this.segmentLength = segmentLength;
    }

    /** The next entry has this id and is of a frame at this position. */
    void note(final long position, final long id) {
        if (position >= nextSegmentBegin) {
            if (count * LINE == lines.length) {
                lines = Arrays.copyOf(lines, 2 * lines.length);
            }
            final long segment = position / segmentLength;
            final int line = count++ * LINE;
            lines[line] = segment;
            lines[line + 1] = id;
            lines[line + 2] = versions;
            lines[line + 3] = sectors;
            nextSegmentBegin = (segment + 1) * segmentLength;
        }
    }

    /** That entry is a version with so many sectors of bytes in the journal. */
    void count(final int sectorCount) {
        versions++;
        sectors += sectorCount;
    }

    /**
     * Forgets the segments below.
     *
     * @return the largest id of them, or {@code newest} when nothing is newer.
     */
    long dropBelow(final long segment, final long newest) {
        int line = 0;
        while (line < count && lines[line * LINE] < segment) {
            line++;
        }
        versionsAtHorizon = line < count ? lines[line * LINE + 2] : versions;
        sectorsAtHorizon = line < count ? lines[line * LINE + 3] : sectors;
        final long horizon = line < count ? lines[line * LINE + 1] - 1 : newest;
        System.arraycopy(lines, line * LINE, lines, 0, (count - line) * LINE);
        count -= line;
        return horizon;
    }

    /** Versions above the horizon. */
    long liveVersions() {
        return versions - versionsAtHorizon;
    }

    /** Bytes in the journal that versions above the horizon name. */
    long liveBytes() {
        return (sectors - sectorsAtHorizon) * 512;
    }
}
