package org.farshore.dataplane.ship;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * Strict reception of one incarnation of a stream: a receiver's memory of what must come next. A message is either exactly
 * that, or the connection ends.
 *
 * <p>{@link #check} changes nothing, so that the same message may be offered again after back pressure; {@link #accept}
 * moves on. Checked are, in this order: every length and count ({@link RecordMessage}), the checksum, machine, generation
 * and incarnation, the chain, the sequence, and that END and capture position are told the truth about. One thread.
 */
public final class StreamMessageChecker {
    /** Longest message that can be right. */
    public static final int LENGTH_MAX = StreamLimits.MESSAGE_LENGTH_MAX;

    private final RecordMessage message = new RecordMessage();
    private long machineIdHigh;
    private long machineIdLow;
    private int generation;
    private int incarnation;
    private long nextSequence;
    private long endSequence;
    private long capturePosition;
    private int previousChecksum;
    private boolean hasCapturePosition;
    private boolean untouched;

    /**
     * Begins an incarnation.
     *
     * @param nextSequence sequence of its first record, one behind the newest END before it.
     */
    public void begin(
            final long machineIdHigh,
            final long machineIdLow,
            final int generation,
            final int incarnation,
            final long nextSequence) {
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
        this.generation = generation;
        this.incarnation = incarnation;
        this.nextSequence = nextSequence;
        this.endSequence = nextSequence - 1;
        this.previousChecksum = 0;
        this.hasCapturePosition = false;
        this.untouched = true;
    }

    /**
     * Whether this is the message that must come next.
     *
     * @return null when it is, and {@link #message()} then shows it; else what is wrong with it.
     */
    public String check(final DirectBuffer buffer, final int offset, final int length) {
        final String complaint = message.wrap(buffer, offset, length);
        if (complaint != null) {
            return complaint;
        }
        final int checksum = message.computeChecksum();
        if (checksum != message.checksum()) {
            return "checksum " + hex(message.checksum()) + " over bytes that give " + hex(checksum);
        }
        if (message.machineIdHigh() != machineIdHigh || message.machineIdLow() != machineIdLow) {
            return "a message of another machine";
        }
        if (message.generation() != generation || message.incarnation() != incarnation) {
            return "generation " + message.generation() + " incarnation " + message.incarnation() + " where generation "
                    + generation + " incarnation " + incarnation + " is open";
        }
        if (message.firstSequence() != nextSequence) {
            return "sequence " + message.firstSequence() + " where " + nextSequence + " is next";
        }
        if (message.previousChecksum() != previousChecksum) {
            return "chain broken at sequence " + nextSequence + ": behind " + hex(message.previousChecksum())
                    + " where " + hex(previousChecksum) + " was received";
        }
        return checkEnd();
    }

    private String checkEnd() {
        final boolean batch = message.templateId() == WriteBatchDecoder.TEMPLATE_ID;
        final long end = message.endSequence();
        if (batch) {
            final long expected = message.newestEndOfBatch() == 0 ? endSequence : message.newestEndOfBatch();
            if (end != expected) {
                return "end sequence " + end + " where the batch's flags say " + expected;
            }
        } else if (end != endSequence && end != message.firstSequence()) {
            return "end sequence " + end + " in the record " + message.firstSequence() + " behind " + endSequence;
        }
        if (end != endSequence && hasCapturePosition && message.capturePosition() < capturePosition) {
            return "capture position " + message.capturePosition() + " goes back from " + capturePosition;
        }
        return null;
    }

    /** Whether the checked message fits the volumes of the stream; null when it does. */
    public String checkVolumes(final VolumeTable volumes) {
        return VolumeRecords.check(message, volumes);
    }

    /** Takes the checked message: the next one must come behind it. */
    public void accept() {
        untouched = false;
        nextSequence = message.lastSequence() + 1;
        previousChecksum = message.checksum();
        if (message.endSequence() != endSequence) {
            endSequence = message.endSequence();
            capturePosition = message.capturePosition();
            hasCapturePosition = true;
        }
    }

    /** The message of the last {@link #check} that found nothing wrong. */
    public RecordMessage message() {
        return message;
    }

    /** True before the first message of the incarnation was accepted. */
    public boolean isUntouched() {
        return untouched;
    }

    /** Sequence of the first record of the next message. */
    public long nextSequence() {
        return nextSequence;
    }

    /** Sequence of the newest END accepted. */
    public long endSequence() {
        return endSequence;
    }

    private static String hex(final int checksum) {
        return Integer.toHexString(checksum);
    }
}
