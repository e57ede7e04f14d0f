package org.farshore.tests.lab;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * What a part of a test has made on this machine: taken away once, in the opposite order of making, from whichever thread
 * comes first. Making and taking away exclude each other, so that nothing is made behind the back of a Ctrl-C.
 */
public final class Belongings implements AutoCloseable {
    private final Deque<AutoCloseable> things = new ArrayDeque<>();
    private boolean closed;

    /** Makes something that is closed with the rest. */
    public synchronized <T extends AutoCloseable> T make(final Supplier<T> maker) {
        if (closed) {
            throw new AssertionError("everything is being taken away: nothing more is made");
        }
        final T thing = maker.get();
        things.push(thing);
        return thing;
    }

    /** Closes everything that was made; what cannot be closed is printed and does not stop the rest. */
    @Override
    public synchronized void close() {
        closed = true;
        while (!things.isEmpty()) {
            try {
                things.pop().close();
            } catch (final Exception | AssertionError e) {
                System.out.println("cleaning up: " + e.getMessage());
            }
        }
    }
}
