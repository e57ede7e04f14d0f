package org.farshore.tests.simulation;

/** The time of a world. Only its scheduler moves it. */
final class VirtualTime {
    private long nowNs = 1_000_000_000L;

    long nowNs() {
        return nowNs;
    }

    void moveTo(final long ns) {
        nowNs = Math.max(nowNs, ns);
    }
}
