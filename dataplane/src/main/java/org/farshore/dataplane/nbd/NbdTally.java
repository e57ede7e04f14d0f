package org.farshore.dataplane.nbd;

/** Counts for one connection in plain fields, and hands them on when the connection has nothing else to do. One thread. */
final class NbdTally {
    private final NbdCounters counters;
    private long requests;
    private long errors;
    private long readBytes;
    private long writtenBytes;

    NbdTally(final NbdCounters counters) {
        this.counters = counters;
    }

    void request(final long errorCount) {
        requests++;
        errors += errorCount;
    }

    void read(final long length) {
        readBytes += length;
    }

    void written(final long length) {
        writtenBytes += length;
    }

    /** Makes what was counted visible. */
    void publish() {
        if (requests != 0) {
            counters.add(requests, errors, readBytes, writtenBytes);
            requests = 0;
            errors = 0;
            readBytes = 0;
            writtenBytes = 0;
        }
    }
}
