package org.farshore.tests.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.StreamHeaderEncoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/** Honest messages to begin from, and the repairs without which every changed one would end at its checksum. */
public final class Inputs {
    static final long MACHINE_HIGH = 1;
    static final long MACHINE_LOW = 2;
    static final long VOLUME_LENGTH = 1 << 20;

    private static final int HEADER = 8;
    private static final int SHORTEST = HEADER + StreamHeaderEncoder.ENCODED_LENGTH;
    private static final UnsafeBuffer DIRECT =
            new UnsafeBuffer(ByteBuffer.allocateDirect(StreamLimits.MESSAGE_LENGTH_MAX + 4096));

    private Inputs() {}

    /** A message of each kind, in an order in which a receiver takes them all. */
    public static List<byte[]> messages() {
        final MessageWriter writer = new MessageWriter(MACHINE_HIGH, MACHINE_LOW).begin(1, 1, 1, 0);
        final byte[] mixed = new byte[16_384];
        Arrays.fill(mixed, 0, 4096, (byte) 7);
        for (int i = 8192; i < mixed.length; i++) {
            mixed[i] = (byte) (i * 31 ^ i >> 5);
        }
        return List.of(
                writer.volumeAdded(1, 77, VOLUME_LENGTH, "data").bytes(),
                writer.volumeState(1, WriteOrder.CONVERGING, StateReason.INITIAL_COPY)
                        .bytes(),
                writer.batch(Extent.chunk(1, 0, mixed), Extent.empty(1, ExtentKind.CHUNK_ZERO, 32_768, 4096))
                        .bytes(),
                writer.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED).bytes(),
                writer.batch(
                                Extent.open(1, 512, new byte[512]),
                                Extent.write(1, 4096, Arrays.copyOf(mixed, 1024)),
                                Extent.empty(1, ExtentKind.ZERO, 0, 512),
                                Extent.empty(1, ExtentKind.DISCARD, 65_536, 65_536))
                        .bytes(),
                writer.compress(true).batch(Extent.write(1, 8192, mixed)).bytes(),
                writer.compress(false).barrier(1).bytes(),
                writer.volumeResized(1, 2 * VOLUME_LENGTH).bytes(),
                writer.pieceHashes(1, 0, new byte[32], new byte[16 * 8]).bytes(),
                writer.entryLength(32).batch(Extent.write(1, 0, new byte[1024])).bytes(),
                writer.volumeRemoved(1).bytes());
    }

    /** Gives a record message the place that a checker wants next, then its checksum. */
    static void place(final byte[] bytes, final long sequence, final int previousChecksum) {
        if (bytes.length < SHORTEST) {
            return;
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        buffer.putInt(HEADER + StreamHeaderEncoder.previousChecksumEncodingOffset(), previousChecksum, LE);
        buffer.putLong(HEADER + StreamHeaderEncoder.machineIdHighEncodingOffset(), MACHINE_HIGH, LE);
        buffer.putLong(HEADER + StreamHeaderEncoder.machineIdLowEncodingOffset(), MACHINE_LOW, LE);
        buffer.putInt(HEADER + StreamHeaderEncoder.generationEncodingOffset(), 1, LE);
        buffer.putInt(HEADER + StreamHeaderEncoder.incarnationEncodingOffset(), 1, LE);
        buffer.putLong(HEADER + StreamHeaderEncoder.firstSequenceEncodingOffset(), sequence, LE);
        seal(bytes);
    }

    /** Moves the sequences of a message from where it was made to where it is wanted: END goes along. */
    static void move(final byte[] bytes, final long sequence) {
        if (bytes.length < SHORTEST) {
            return;
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        final int end = HEADER + StreamHeaderEncoder.endSequenceEncodingOffset();
        final long made = buffer.getLong(HEADER + StreamHeaderEncoder.firstSequenceEncodingOffset(), LE);
        buffer.putLong(end, buffer.getLong(end, LE) - made + sequence, LE);
    }

    static void seal(final byte[] bytes) {
        if (bytes.length >= SHORTEST) {
            seal(bytes, 0, bytes.length);
        }
    }

    /** Gives what lies there its checksum, whose field is at the same place in every format of ours. */
    public static void seal(final byte[] bytes, final int at, final int length) {
        final int behind = RecordMessage.CHECKSUM_OFFSET + Integer.BYTES;
        final CRC32C checksum = new CRC32C();
        checksum.update(bytes, at, RecordMessage.CHECKSUM_OFFSET);
        checksum.update(bytes, at + behind, length - behind);
        new UnsafeBuffer(bytes).putInt(at + RecordMessage.CHECKSUM_OFFSET, (int) checksum.getValue(), LE);
    }

    /** The bytes in direct memory, as the network has them; nothing behind their end can be read. */
    static UnsafeBuffer direct(final byte[] bytes) {
        final int length = Math.min(bytes.length, DIRECT.capacity());
        DIRECT.putBytes(0, bytes, 0, length);
        return new UnsafeBuffer(DIRECT.byteBuffer(), 0, length);
    }

    /** One input out of a choice and some bytes. */
    static byte[] input(final int choice, final byte[] bytes) {
        final byte[] input = new byte[bytes.length + 1];
        input[0] = (byte) choice;
        System.arraycopy(bytes, 0, input, 1, bytes.length);
        return input;
    }

    public static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
}
