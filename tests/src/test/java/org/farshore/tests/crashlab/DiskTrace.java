package org.farshore.tests.crashlab;

import java.util.ArrayList;
import java.util.List;

/**
 * What was done to a disk, in the order in which the disk answered: writes with their bytes, and flushes. A flush vouches
 * for every write before it; the writes behind the last flush are those of which a disk may keep any part when its
 * power is cut. Any thread.
 */
final class DiskTrace {
    /**
     * One write, or a flush.
     *
     * @param bytes null for zeros.
     * @param length in bytes; 0 for a flush.
     */
    record Event(long offset, byte[] bytes, long length) {
        private static final Event FLUSH = new Event(0, null, 0);

        boolean isFlush() {
            return length == 0;
        }
    }

    private final List<Event> events = new ArrayList<>();
    private int flushCount;
    private boolean ended;

    synchronized void write(final long offset, final byte[] bytes) {
        add(new Event(offset, bytes, bytes.length));
    }

    synchronized void zero(final long offset, final long length) {
        add(new Event(offset, null, length));
    }

    synchronized void flush() {
        if (add(Event.FLUSH)) {
            flushCount++;
        }
    }

    private boolean add(final Event event) {
        if (!ended) {
            events.add(event);
        }
        return !ended;
    }

    /** Flushes so far. */
    synchronized int flushCount() {
        return flushCount;
    }

    /** What comes now is not of interest any more. */
    synchronized void end() {
        ended = true;
    }

    /** All of it, once it has ended. */
    synchronized List<Event> events() {
        if (!ended) {
            throw new IllegalStateException("the trace goes on");
        }
        return List.copyOf(events);
    }
}
