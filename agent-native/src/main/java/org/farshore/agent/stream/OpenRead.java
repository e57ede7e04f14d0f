package org.farshore.agent.stream;

import java.util.Arrays;

/**
 * A range of a volume that is being read from the device, from the moment the read is issued until its content has entered
 * the stream, and the units in it that must be left out: its holes. The unit is a sector for a chunk and a piece for a
 * compare. One thread, that of the duty cycle; the reader's thread looks only at {@link #offset()} and {@link #length()}.
 */
public class OpenRead {
    private final int unitShift;
    private final long[] holes;
    private long offset;
    private long length;
    private boolean open;

    /**
     * A read of at most {@code lengthMax} bytes.
     *
     * @param unitShift a hole covers {@code 1 << unitShift} bytes.
     */
    public OpenRead(final long lengthMax, final int unitShift) {
        this.unitShift = unitShift;
        this.holes = new long[(int) (((lengthMax >> unitShift) + 63) >> 6)];
    }

    /** First byte of the range in the volume. */
    public final long offset() {
        return offset;
    }

    /** Bytes in the range. */
    public final long length() {
        return length;
    }

    /** True from the issue of the read until its content is in the stream, or it was given up. */
    public final boolean isOpen() {
        return open;
    }

    /** How many units the range has; the last may be shorter. */
    public final int unitCount() {
        return (int) ((length + (1L << unitShift) - 1) >> unitShift);
    }

    /** True when the unit must be left out. */
    public final boolean isHole(final int unit) {
        return (holes[unit >> 6] >>> unit & 1) != 0;
    }

    final void begin(final long fromOffset, final long byteCount) {
        if (open || byteCount <= 0 || byteCount > (long) holes.length << 6 << unitShift) {
            throw new IllegalStateException("cannot read " + byteCount + " bytes at " + fromOffset);
        }
        offset = fromOffset;
        length = byteCount;
        open = true;
        Arrays.fill(holes, 0L);
    }

    final void end() {
        open = false;
    }

    final boolean touches(final long from, final long byteCount) {
        return open && from < offset + length && offset < from + byteCount;
    }

    /** Makes holes of all units that the range touches. */
    final void addHole(final long from, final long byteCount) {
        final long begin = Math.max(from, offset) - offset;
        final long end = Math.min(from + byteCount, offset + length) - offset;
        if (begin < end) {
            final int last = (int) ((end - 1) >> unitShift);
            for (int unit = (int) (begin >> unitShift); unit <= last; unit++) {
                holes[unit >> 6] |= 1L << unit;
            }
        }
    }

    final void clearHoles() {
        Arrays.fill(holes, 0L);
    }

    final void copyFrom(final OpenRead other) {
        offset = other.offset;
        length = other.length;
        open = other.open;
        System.arraycopy(other.holes, 0, holes, 0, holes.length);
    }

    final long holeWord(final int index) {
        return holes[index];
    }
}
