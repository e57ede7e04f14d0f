package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * What a volume of a view may show: a disk with a volatile cache. While nothing fails it shows what was written last. After
 * a stop, and where a write has failed, each byte is what it was at the last flush that was answered, or what any write since
 * has put there: <i>open</i> sectors. What is found in an open sector is what is there from then on; after a power cut it is
 * durable besides.
 */
final class ViewDisk {
    private final byte[] flushed;
    private final byte[] now;
    private final List<Change> since = new ArrayList<>();
    private final BitSet open = new BitSet();
    private boolean isCut;

    private record Change(int offset, byte[] bytes) {}

    /**
     * @param below what the volume holds before anything is written to the view.
     */
    ViewDisk(final byte[] below) {
        flushed = below.clone();
        now = below.clone();
    }

    int length() {
        return now.length;
    }

    /** A write of whole sectors begins; whether it is answered or not, its bytes may be seen from here on. */
    void change(final int offset, final byte[] bytes) {
        since.add(new Change(offset, bytes));
        System.arraycopy(bytes, 0, now, offset, bytes.length);
        open.set(offset / SectorStamp.LENGTH, (offset + bytes.length) / SectorStamp.LENGTH);
    }

    /** The write of this range was answered: it is there, all of it. */
    void answered(final int offset, final int length) {
        open.clear(offset / SectorStamp.LENGTH, (offset + length) / SectorStamp.LENGTH);
    }

    /** What is there, where no sector is open. */
    byte[] content() {
        return now.clone();
    }

    /** A flush was answered. */
    void flushed() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("sectors are open: look at them before the flush");
        }
        System.arraycopy(now, 0, flushed, 0, now.length);
        since.clear();
    }

    /** Changes that no flush has covered yet. */
    int unflushedCount() {
        return since.size();
    }

    /** True when it is not known of some sector which of its possible contents is there. */
    boolean isOpen() {
        return !open.isEmpty();
    }

    /**
     * Whoever served the volume is no more.
     *
     * @param isPowerCut true when nothing is in a cache any more: what is found then is durable.
     */
    void stopped(final boolean isPowerCut) {
        open.set(0, now.length / SectorStamp.LENGTH);
        isCut |= isPowerCut;
    }

    /** Everything was looked at after a stop. */
    void settled() {
        if (isCut && open.isEmpty()) {
            System.arraycopy(now, 0, flushed, 0, now.length);
            since.clear();
            isCut = false;
        }
    }

    /** Bytes that were read at an offset. Answers the first offset that must not show what was read, or -1. */
    int look(final int offset, final byte[] found) {
        for (int at = 0; at < found.length; at += SectorStamp.LENGTH) {
            final int begin = offset + at;
            final int end = Math.min(begin + SectorStamp.LENGTH, offset + found.length);
            if (Arrays.equals(found, at, at + end - begin, now, begin, end)) {
                open.clear(begin / SectorStamp.LENGTH);
                continue;
            }
            if (!open.get(begin / SectorStamp.LENGTH)) {
                return begin;
            }
            for (int i = begin; i < end; i++) {
                if (!isPossible(i, found[i - offset])) {
                    return i;
                }
            }
            System.arraycopy(found, at, now, begin, end - begin);
            open.clear(begin / SectorStamp.LENGTH);
        }
        return -1;
    }

    private boolean isPossible(final int at, final byte value) {
        if (flushed[at] == value) {
            return true;
        }
        for (final Change change : since) {
            final int index = at - change.offset;
            if (index >= 0 && index < change.bytes.length && change.bytes[index] == value) {
                return true;
            }
        }
        return false;
    }

    /** For people: where a byte is from. */
    String describe(final int at) {
        return "byte " + at + ": " + flushed[at] + " at the last flush, " + now[at] + " last"
                + (open.get(at / SectorStamp.LENGTH) ? ", open" : "") + ", " + since.size() + " changes since";
    }
}
