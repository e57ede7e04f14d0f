package org.farshore.dataplane.processserver;

import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.optimise.WriteBatchOptimiser;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** What the process server shows of one machine; kept over its connections, so that byte counts go on. */
final class RelayCounters {
    private final AtomicCounter state;
    private final AtomicCounter receivedSequence;
    private final AtomicCounter shippedSequence;
    private final AtomicCounter inBytes;
    private final AtomicCounter outBytes;
    private final AtomicCounter zeroBytes;
    private final AtomicCounter passedBytes;
    private final AtomicCounter backPressure;
    private final AtomicCounter malformed;

    RelayCounters(final CounterFactory factory, final String machine) {
        state = factory.newCounter(ReplicationCounter.RELAY_STATE, machine);
        receivedSequence = factory.newCounter(ReplicationCounter.RELAY_RECEIVED_SEQUENCE, machine);
        shippedSequence = factory.newCounter(ReplicationCounter.RELAY_SHIPPED_SEQUENCE, machine);
        inBytes = factory.newCounter(ReplicationCounter.OPTIMISE_IN_BYTES, machine);
        outBytes = factory.newCounter(ReplicationCounter.OPTIMISE_OUT_BYTES, machine);
        zeroBytes = factory.newCounter(ReplicationCounter.OPTIMISE_ZERO_BYTES, machine);
        passedBytes = factory.newCounter(ReplicationCounter.OPTIMISE_PASSED_BYTES, machine);
        backPressure = factory.newCounter(ReplicationCounter.BACK_PRESSURE, machine);
        malformed = factory.newCounter(ReplicationCounter.MALFORMED, machine);
    }

    void state(final int code) {
        state.setRelease(code);
    }

    void onReceived(final long sequence) {
        receivedSequence.setRelease(sequence);
    }

    void onShipped(final long sequence, final WriteBatchOptimiser optimiser) {
        shippedSequence.setRelease(sequence);
        inBytes.getAndAddRelease(optimiser.inBytes());
        outBytes.getAndAddRelease(optimiser.outBytes());
        zeroBytes.getAndAddRelease(optimiser.zeroBytes());
        passedBytes.getAndAddRelease(optimiser.passedBytes());
    }

    void onBackPressure() {
        backPressure.incrementRelease();
    }

    void onMalformed() {
        malformed.incrementRelease();
    }

    void close() {
        state.close();
        receivedSequence.close();
        shippedSequence.close();
        inBytes.close();
        outBytes.close();
        zeroBytes.close();
        passedBytes.close();
        backPressure.close();
        malformed.close();
    }
}
