package org.farshore.agent.session;

import org.farshore.dataplane.ship.ResponseMessage;
import org.farshore.dataplane.ship.StreamLimits;

/** What the receiver said when it accepted a connection: where the stream goes on, and what it knows of this machine. */
public final class Welcome {
    private static final int VOLUMES_MAX = StreamLimits.VOLUMES_MAX;

    private int generation;
    private int incarnation;
    private long nextSequence;
    private long capturePosition;
    private long captureIdHigh;
    private long captureIdLow;
    private int volumeCount;
    private final long[] uuidHighs = new long[VOLUMES_MAX];
    private final long[] uuidLows = new long[VOLUMES_MAX];
    private final long[] sizes = new long[VOLUMES_MAX];
    private final int[] numbers = new int[VOLUMES_MAX];

    /** Copies what a Welcome that was found whole says. */
    void take(final ResponseMessage message) {
        generation = message.generation();
        incarnation = message.incarnation();
        nextSequence = message.nextSequence();
        capturePosition = message.capturePosition();
        captureIdHigh = message.captureIdHigh();
        captureIdLow = message.captureIdLow();
        volumeCount = message.volumeCount();
        for (int i = 0; i < volumeCount; i++) {
            uuidHighs[i] = message.volumeUuidHigh(i);
            uuidLows[i] = message.volumeUuidLow(i);
            sizes[i] = message.volumeSize(i);
            numbers[i] = message.volumeNumber(i);
        }
    }

    public int generation() {
        return generation;
    }

    public int incarnation() {
        return incarnation;
    }

    /** Number of the next record. */
    public long nextSequence() {
        return nextSequence;
    }

    /** Position behind the last durable END, in the ring with this capture id. */
    public long capturePosition() {
        return capturePosition;
    }

    /** True when the position is one of this ring. */
    public boolean isOfCapture(final long idHigh, final long idLow) {
        return captureIdHigh == idHigh && captureIdLow == idLow;
    }

    /** Index of the volume with this random id, or -1 when the receiver does not know it. */
    public int find(final long uuidHigh, final long uuidLow) {
        for (int i = 0; i < volumeCount; i++) {
            if (uuidHighs[i] == uuidHigh && uuidLows[i] == uuidLow) {
                return i;
            }
        }
        return -1;
    }

    public int volumeCount() {
        return volumeCount;
    }

    /** Size of the volume as the receiver knows it. */
    public long sizeBytes(final int index) {
        return sizes[index];
    }

    /** Number of the volume in the stream as the receiver knows it. */
    public int number(final int index) {
        return numbers[index];
    }
}
