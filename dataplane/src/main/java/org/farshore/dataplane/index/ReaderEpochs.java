package org.farshore.dataplane.index;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets go of memory and files only when no reader can be looking at them any more, without a lock on either side.
 *
 * <p>The writer first takes a thing out of everything that is published, then gives it to {@link #retire} with the epoch of
 * that moment, and the epoch goes on. A reader that enters notes the epoch. A thing is released when every reader is either
 * outside or has entered in a later epoch. Both sides order a volatile store before a volatile load (the reader notes, then
 * looks; the writer takes out, then asks), so at least one of the two sees the other.
 */
final class ReaderEpochs {
    private static final long OUTSIDE = 0;

    /** Where one reader stands. */
    static final class Slot {
        private final AtomicLong entered = new AtomicLong(OUTSIDE);
    }

    private record Retired(long epoch, Runnable release) {}

    private final AtomicLong epoch = new AtomicLong(1);
    private final ArrayDeque<Retired> waiting = new ArrayDeque<>();
    private volatile Slot[] slots = {};

    /** Any thread. */
    synchronized Slot register() {
        final Slot slot = new Slot();
        final Slot[] more = Arrays.copyOf(slots, slots.length + 1);
        more[slots.length] = slot;
        slots = more;
        return slot;
    }

    /** Any thread. */
    synchronized void unregister(final Slot slot) {
        slots = Arrays.stream(slots).filter(other -> other != slot).toArray(Slot[]::new);
    }

    /** Reader: from now on nothing that is published goes away. Not nested. */
    void enter(final Slot slot) {
        slot.entered.set(epoch.get());
    }

    /** Reader: what was seen inside must not be used any more. */
    void exit(final Slot slot) {
        slot.entered.setRelease(OUTSIDE);
    }

    /** Writer: {@code release} runs, on the writer's thread, when every reader has passed. */
    void retire(final Runnable release) {
        waiting.add(new Retired(epoch.getAndIncrement(), release));
    }

    /** Writer: releases what no reader can see; returns how much. */
    int reclaim() {
        int count = 0;
        while (!waiting.isEmpty() && hasPassed(waiting.peek().epoch)) {
            waiting.poll().release.run();
            count++;
        }
        return count;
    }

    private boolean hasPassed(final long retiredEpoch) {
        for (final Slot slot : slots) {
            final long entered = slot.entered.get();
            if (entered != OUTSIDE && entered <= retiredEpoch) {
                return false;
            }
        }
        return true;
    }

    /** Writer: things that wait for a reader. */
    int waitingCount() {
        return waiting.size();
    }
}
