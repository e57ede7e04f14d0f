package org.farshore.tests.fuzz;

import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.agent.capture.CaptureHandler;
import org.farshore.agent.capture.RingInFile;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Records of the capture ring. The kernel writes them, but a reader that stands at a wrong place sees payload instead: it
 * stops with one line, and no piece that it hands on is longer than its record.
 */
public final class CaptureRingFuzz {
    private static final int RING_LENGTH = 1 << 16;
    private static final int RECORD_HEADER = 56;
    private static final RingInFile RING = new RingInFile(RING_LENGTH);

    private CaptureRingFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        try {
            RING.take(input, new Handler());
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(e.getMessage().contains("capture ring"), e.getMessage());
        }
    }

    private static final class Handler implements CaptureHandler {
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
            RecordMessageFuzz.require(
                    length > 0 && length <= StreamLimits.BATCH_PAYLOAD_LENGTH_MAX && length % 512 == 0, "piece");
            RecordMessageFuzz.require(offset >= 0, "offset");
            payload.boundsCheck(payloadOffset, length);
            return true;
        }

        @Override
        public boolean onComplete(
                final int volume, final long offset, final long length, final int error, final long timeNs) {
            RecordMessageFuzz.require(offset >= 0 && length >= 0, "completion");
            return true;
        }

        @Override
        public boolean onZeroed(
                final int volume, final long offset, final long length, final boolean discard, final long timeNs) {
            RecordMessageFuzz.require(offset >= 0 && length >= 0, "zeroed range");
            return true;
        }
    }

    static List<byte[]> seeds() {
        final UnsafeBuffer ring = new UnsafeBuffer(new byte[3 * (8 + RECORD_HEADER) + 1024]);
        int at = record(ring, 0, 1, 3, 1024);
        at = record(ring, at, 2, 0, 0);
        record(ring, at, 3, 4, 0);
        return List.of(ring.byteArray());
    }

    private static int record(
            final UnsafeBuffer ring, final int at, final int type, final int flags, final int payloadLength) {
        ring.putInt(at, RECORD_HEADER + payloadLength, Inputs.LE);
        ring.putLong(at + 8, 5, Inputs.LE);
        ring.putLong(at + 16, payloadLength == 0 ? 4096 : payloadLength, Inputs.LE);
        ring.putLong(at + 32, 77, Inputs.LE);
        ring.putByte(at + 40, (byte) type);
        ring.putByte(at + 41, (byte) flags);
        return at + 8 + RECORD_HEADER + payloadLength;
    }
}
