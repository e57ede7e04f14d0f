package org.farshore.agent.stream;

import java.nio.ByteOrder;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.replication.StreamHeaderEncoder;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.SenderLink;

/**
 * Puts record messages on the link: numbers them from where the receiver's Welcome said, chains them by checksum, and
 * remembers the newest END. It never numbers by itself and starts anew with every incarnation. One thread.
 *
 * <p>Use: {@link #claim}, encode into {@link #buffer()} at {@link #offset()}, {@link #header} for the first field,
 * {@link #commit}.
 */
public final class RecordWriter {
    /** {@link #header}: no record of the message is an END. */
    public static final int NO_END = -1;

    private static final int CHECKSUM_OFFSET = 8;

    private final long machineIdHigh;
    private final long machineIdLow;
    private final AtomicCounter sentBytes;
    private final AtomicCounter sentSequence;
    private final AtomicCounter backPressure;

    private SenderLink link;
    private int generation;
    private int incarnation;
    private long nextSequence;
    private long endSequence;
    private long endPosition;
    private int previousChecksum;
    private int claimedLength;
    private int claimedRecords;

    public RecordWriter(
            final long machineIdHigh,
            final long machineIdLow,
            final AtomicCounter sentBytes,
            final AtomicCounter sentSequence,
            final AtomicCounter backPressure) {
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
        this.sentBytes = sentBytes;
        this.sentSequence = sentSequence;
        this.backPressure = backPressure;
    }

    /**
     * A new incarnation begins on this link.
     *
     * @param firstSequence number of the next record; the one before it was an END.
     * @param position capture position behind that END.
     */
    public void begin(
            final SenderLink newLink,
            final int newGeneration,
            final int newIncarnation,
            final long firstSequence,
            final long position) {
        link = newLink;
        generation = newGeneration;
        incarnation = newIncarnation;
        nextSequence = firstSequence;
        endSequence = firstSequence - 1;
        endPosition = position;
        previousChecksum = 0;
        claimedLength = 0;
    }

    /** Nothing can be written any more until {@link #begin}. */
    public void end() {
        link = null;
    }

    /** Claims room for one message; false when there is none now, or the link is gone. */
    public boolean claim(final int length) {
        if (link == null) {
            return false;
        }
        final LinkStatus status = link.claimData(length);
        if (status == LinkStatus.OK) {
            claimedLength = length;
            return true;
        }
        if (status == LinkStatus.BACK_PRESSURE) {
            backPressure.incrementRelease();
        }
        return false;
    }

    /** Where to encode. */
    public MutableDirectBuffer buffer() {
        return link.claim().buffer();
    }

    /** Where in {@link #buffer()} the message begins. */
    public int offset() {
        return link.claim().offset();
    }

    /**
     * Fills the header of the claimed message.
     *
     * @param endRecord index of the message's last record that is an END, or {@link #NO_END}.
     * @param position capture position behind that END.
     * @param captureTimeNs CLOCK_MONOTONIC of the oldest record.
     */
    public void header(
            final StreamHeaderEncoder header,
            final int recordCount,
            final int endRecord,
            final long position,
            final long captureTimeNs) {
        if (endRecord != NO_END) {
            endSequence = nextSequence + endRecord;
            endPosition = position;
        }
        header.checksum(0)
                .previousChecksum(Integer.toUnsignedLong(previousChecksum))
                .machineIdHigh(machineIdHigh)
                .machineIdLow(machineIdLow)
                .generation(generation)
                .incarnation(incarnation)
                .firstSequence(nextSequence)
                .endSequence(endSequence)
                .capturePosition(endPosition)
                .captureTimeNs(captureTimeNs)
                .recordCount(recordCount)
                .reserved(0);
        claimedRecords = recordCount;
    }

    /** Sends the message. */
    public void commit() {
        final MutableDirectBuffer buffer = buffer();
        final int offset = offset();
        previousChecksum = Crc32c.computeAround(buffer, offset, claimedLength, CHECKSUM_OFFSET);
        buffer.putInt(offset + CHECKSUM_OFFSET, previousChecksum, ByteOrder.LITTLE_ENDIAN);
        nextSequence += claimedRecords;
        link.claim().commit();
        sentBytes.getAndAddRelease(claimedLength);
        sentSequence.setRelease(nextSequence - 1);
    }

    /** Sequence of the newest record sent. */
    public long lastSequence() {
        return nextSequence - 1;
    }

    /** Sequence of the newest END. */
    public long endSequence() {
        return endSequence;
    }
}
