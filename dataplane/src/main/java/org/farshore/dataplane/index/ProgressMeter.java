package org.farshore.dataplane.index;

import org.farshore.dataplane.runtime.StateLog;

/** Keeps an {@link IndexProgress} up to date while the index loads and catches up; silent once it follows. */
final class ProgressMeter {
    private static final StateLog LOG = StateLog.of(VersionIndex.class);

    private final String machine;
    private IndexProgress.Phase phase;
    private long beganNs;
    private long beganAt;
    private volatile IndexProgress now = new IndexProgress(IndexProgress.Phase.LOADING, 0, 0, 0, -1);

    ProgressMeter(final String machine) {
        this.machine = machine;
    }

    /** So much of the version files is loaded. */
    void loading(final long nowNs, final long done, final long total) {
        enter(IndexProgress.Phase.LOADING, nowNs, 0);
        report(nowNs, done, total);
    }

    /** The journal is read up to here, and durable up to there. */
    void following(final long nowNs, final long position, final long durable, final boolean level) {
        if (phase == IndexProgress.Phase.FOLLOWING) {
            return;
        }
        if (phase != IndexProgress.Phase.CATCHING_UP) {
            enter(IndexProgress.Phase.CATCHING_UP, nowNs, position);
        }
        final long begin = beganAt;
        if (level) {
            enter(IndexProgress.Phase.FOLLOWING, nowNs, position);
        }
        report(nowNs, position - begin, durable - begin);
    }

    private void enter(final IndexProgress.Phase next, final long nowNs, final long at) {
        if (phase != next) {
            phase = next;
            beganNs = nowNs;
            beganAt = at;
            LOG.info("stream", machine, "index", next);
        }
    }

    private void report(final long nowNs, final long done, final long total) {
        final long tookMs = Math.max(1, (nowNs - beganNs) / 1_000_000);
        final long rate = done * 1000 / tookMs;
        now = new IndexProgress(phase, done, total, rate, rate == 0 ? -1 : (total - done) * 1000 / rate);
    }

    /** Any thread. */
    IndexProgress now() {
        return now;
    }
}
