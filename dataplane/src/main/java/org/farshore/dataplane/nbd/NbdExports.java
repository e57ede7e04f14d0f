package org.farshore.dataplane.nbd;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What is served under which name now, and which connections use it. Any thread; never on the way of a request. */
final class NbdExports {
    private final TreeMap<String, Slot> slots = new TreeMap<>();
    private final int connectionCountMax;

    NbdExports(final int connectionCountMax) {
        this.connectionCountMax = connectionCountMax;
    }

    /** An export under its name, with its connections. A slot that was removed lives on until its last connection ends. */
    static final class Slot {
        private final String name;
        private final NbdExport export;
        private final int connectionCountMax;
        private final Set<NbdConnection> connections = new HashSet<>();
        private boolean removed;

        private Slot(final String name, final NbdExport export, final int connectionCountMax) {
            this.name = name;
            this.export = export;
            this.connectionCountMax = connectionCountMax;
        }

        String name() {
            return name;
        }

        NbdExport export() {
            return export;
        }

        /** Lets a connection in; false when the export has as many as it may have, or was removed meanwhile. */
        synchronized boolean enter(final NbdConnection connection) {
            return !removed && connections.size() < connectionCountMax && connections.add(connection);
        }

        synchronized void leave(final NbdConnection connection) {
            connections.remove(connection);
            notifyAll();
        }

        synchronized int connectionCount() {
            return connections.size();
        }

        private synchronized List<NbdConnection> shut() {
            removed = true;
            return new ArrayList<>(connections);
        }

        private synchronized boolean awaitEmpty(final long deadlineNs) throws InterruptedException {
            long leftNs = deadlineNs - System.nanoTime();
            while (!connections.isEmpty() && leftNs > 0) {
                TimeUnit.NANOSECONDS.timedWait(this, leftNs);
                leftNs = deadlineNs - System.nanoTime();
            }
            return connections.isEmpty();
        }
    }

    synchronized boolean add(final String name, final NbdExport export) {
        return slots.putIfAbsent(name, new Slot(name, export, connectionCountMax)) == null;
    }

    /** The slot of this name, or null. */
    synchronized Slot find(final String name) {
        return slots.get(name);
    }

    /** All slots, by name. */
    synchronized List<Slot> list() {
        return new ArrayList<>(slots.values());
    }

    private synchronized Slot take(final String name) {
        return slots.remove(name);
    }

    /**
     * Takes an export away: nobody finds it any more, requests that have arrived are answered, and connections end; those
     * that have not after half of the time are cut off.
     *
     * @return true when no connection uses the export any more.
     */
    boolean remove(final String name, final long timeoutMs) throws InterruptedException {
        final Slot slot = take(name);
        if (slot == null) {
            return true;
        }
        final long nowNs = System.nanoTime();
        final long halfNs = TimeUnit.MILLISECONDS.toNanos(timeoutMs) / 2;
        slot.shut().forEach(NbdConnection::finish);
        if (slot.awaitEmpty(nowNs + halfNs)) {
            return true;
        }
        slot.shut().forEach(connection -> connection.cut(NbdCloseReason.STOPPED));
        return slot.awaitEmpty(nowNs + 2 * halfNs);
    }
}
