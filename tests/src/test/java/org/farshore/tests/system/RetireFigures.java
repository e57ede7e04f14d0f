package org.farshore.tests.system;

import java.util.Locale;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Role;

/** What came, what of it was brought into the replica volumes, and how much journal it took, from a moment on. */
final class RetireFigures {
    private final FarshoreLab lab;
    private final long beganNs = System.nanoTime();
    private final long receivedBefore;
    private final long appliedBefore;
    private final long journalBefore;
    private final long reusedBefore;
    private final long gapsBefore;
    private long usedPeakBytes;

    RetireFigures(final FarshoreLab lab) {
        this.lab = lab;
        receivedBefore = lab.total(Role.AGENT, ReplicationCounter.DURABLE_PAYLOAD_BYTES);
        appliedBefore = applied();
        journalBefore = ofTarget(ReplicationCounter.JOURNAL_DURABLE_POSITION);
        reusedBefore = ofTarget(ReplicationCounter.JOURNAL_REUSED);
        gapsBefore = lab.now(Role.AGENT, ReplicationCounter.CAPTURE_GAP_EPOCH);
    }

    private long ofTarget(final ReplicationCounter counter) {
        return lab.now(Role.MASTER_TARGET, counter);
    }

    private long applied() {
        return ofTarget(ReplicationCounter.APPLIED_BYTES) + ofTarget(ReplicationCounter.ZEROED_BYTES);
    }

    /** Notes how much of the journal cannot be reused now. */
    void look() {
        usedPeakBytes = Math.max(usedPeakBytes, ofTarget(ReplicationCounter.RETENTION_USED));
    }

    /** Payload that became durable, uncompressed. */
    long receivedBytes() {
        return lab.total(Role.AGENT, ReplicationCounter.DURABLE_PAYLOAD_BYTES) - receivedBefore;
    }

    /** Bytes written to replica volumes, or zeroed there. */
    long appliedBytes() {
        return applied() - appliedBefore;
    }

    /** Bytes appended to the journal. */
    long journalBytes() {
        return ofTarget(ReplicationCounter.JOURNAL_DURABLE_POSITION) - journalBefore;
    }

    long usedPeakBytes() {
        return usedPeakBytes;
    }

    long segments() {
        return ofTarget(ReplicationCounter.JOURNAL_SEGMENTS);
    }

    long reused() {
        return ofTarget(ReplicationCounter.JOURNAL_REUSED) - reusedBefore;
    }

    /** How often the capture ring was too short for what came. */
    long orderLost() {
        return lab.now(Role.AGENT, ReplicationCounter.CAPTURE_GAP_EPOCH) - gapsBefore;
    }

    String progress() {
        return String.format(
                Locale.ROOT,
                "%4.0f s: received %.0f MB, applied %.0f MB (%.2f), journal holds %.0f MB, %d segments made, %d reused,"
                        + " %d points",
                (System.nanoTime() - beganNs) / 1e9,
                receivedBytes() / 1e6,
                appliedBytes() / 1e6,
                (double) appliedBytes() / Math.max(1, receivedBytes()),
                ofTarget(ReplicationCounter.RETENTION_USED) / 1e6,
                segments(),
                reused(),
                ofTarget(ReplicationCounter.RETENTION_POINTS));
    }

    String conclusion() {
        return String.format(
                Locale.ROOT,
                "retire-load: received %.1f MB, applied %.1f MB, ratio %.3f; journal: %.1f MB written, peak %.1f MB in use,"
                        + " %d segments made, %d reused; order lost %d times",
                receivedBytes() / 1e6,
                appliedBytes() / 1e6,
                (double) appliedBytes() / Math.max(1, receivedBytes()),
                journalBytes() / 1e6,
                usedPeakBytes / 1e6,
                segments(),
                reused(),
                orderLost());
    }
}
