package org.farshore.perf.capture;

import java.util.concurrent.locks.LockSupport;
import org.agrona.DirectBuffer;
import org.farshore.agent.capture.BpfCaptureSource;
import org.farshore.agent.capture.CaptureHandler;

/** Takes the capture ring and gives it back at once: the least that an agent can do. A thread of its own. */
final class RingDrain implements CaptureHandler, AutoCloseable {
    private static final int RECORDS_AT_ONCE = 4096;
    private static final long PARK_NS = 100_000;

    private final BpfCaptureSource source;
    private final Thread thread = new Thread(this::drain, "ring-drain");
    private volatile boolean isRunning = true;

    RingDrain(final BpfCaptureSource source) {
        this.source = source;
    }

    void start() {
        thread.start();
    }

    private void drain() {
        long position = source.consumerPosition();
        while (isRunning) {
            final long next = source.take(this, position, source.producerPosition(), RECORDS_AT_ONCE);
            if (next == position) {
                LockSupport.parkNanos(PARK_NS);
            } else {
                source.release(next);
                position = next;
            }
        }
    }

    @Override
    public boolean onSubmit(
            final int volume,
            final long offset,
            final int length,
            final boolean first,
            final boolean last,
            final long timeNs,
            final DirectBuffer payload,
            final int payloadOffset) {
        return true;
    }

    @Override
    public boolean onComplete(
            final int volume, final long offset, final long length, final int error, final long timeNs) {
        return true;
    }

    @Override
    public boolean onZeroed(
            final int volume, final long offset, final long length, final boolean discard, final long timeNs) {
        return true;
    }

    /** Returns when the thread has ended: the ring may then be closed. */
    @Override
    public void close() {
        isRunning = false;
        while (thread.isAlive()) {
            LockSupport.parkNanos(PARK_NS);
        }
    }
}
