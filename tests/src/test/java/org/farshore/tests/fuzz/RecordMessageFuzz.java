package org.farshore.tests.fuzz;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.optimise.WriteBatchOptimiser;
import org.farshore.dataplane.ship.BatchPayload;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.ship.StreamMessageChecker;

/**
 * One record message. Found whole, each of its accessors stays inside; a batch comes out of the optimiser as a message that
 * is whole, no longer, and means the same sector by sector. The first byte of an input chooses repairs.
 */
public final class RecordMessageFuzz {
    private static final int SEAL = 1;
    private static final int PLACE = 2;
    private static final int SECTOR = StreamLimits.SECTOR_LENGTH;
    private static final int EXPANDED_MAX = 1 << 20;

    private static final RecordMessage MESSAGE = new RecordMessage();
    private static final RecordMessage REWRITTEN = new RecordMessage();
    private static final StreamMessageChecker CHECKER = new StreamMessageChecker();
    private static final BatchPayload PAYLOAD = new BatchPayload();
    private static final BatchPayload REWRITTEN_PAYLOAD = new BatchPayload();
    private static final WriteBatchOptimiser OPTIMISER = new WriteBatchOptimiser();
    private static final UnsafeBuffer TARGET = new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 17));

    private RecordMessageFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
        if ((input[0] & PLACE) != 0) {
            Inputs.place(bytes, 1, 0);
        } else if ((input[0] & SEAL) != 0) {
            Inputs.seal(bytes);
        }
        final DirectBuffer buffer = Inputs.direct(bytes);
        CHECKER.begin(Inputs.MACHINE_HIGH, Inputs.MACHINE_LOW, 1, 1, 1);
        final boolean isNext = CHECKER.check(buffer, 0, bytes.length) == null;
        if (MESSAGE.wrap(buffer, 0, bytes.length) != null) {
            require(!isNext, "a checker takes what is not whole");
            return;
        }
        touch(MESSAGE);
        if (MESSAGE.templateId() == WriteBatchDecoder.TEMPLATE_ID) {
            withoutPayload(bytes);
            if (PAYLOAD.open(MESSAGE) == null) {
                optimise();
            }
        }
    }

    private static void optimise() {
        final int length = OPTIMISER.prepare(MESSAGE);
        require(length <= MESSAGE.length(), "a message that grows");
        OPTIMISER.write(TARGET, 0, 5);
        final String complaint = REWRITTEN.wrap(TARGET, 0, length);
        require(complaint == null, complaint);
        require(REWRITTEN.computeChecksum() == REWRITTEN.checksum(), "checksum of the rewritten message");
        final String broken = REWRITTEN_PAYLOAD.open(REWRITTEN);
        require(broken == null, broken);
        final long before = digest(MESSAGE, PAYLOAD);
        final long after = digest(REWRITTEN, REWRITTEN_PAYLOAD);
        require(before == after, "the optimiser changed what a batch means");
    }

    /** As the journal keeps a batch whose content went straight to the replica. */
    private static void withoutPayload(final byte[] bytes) {
        final byte[] table = Arrays.copyOf(bytes, MESSAGE.dataOffset());
        Arrays.fill(table, table.length - Integer.BYTES, table.length, (byte) 0);
        final String complaint = REWRITTEN.wrapWithoutPayload(new UnsafeBuffer(table), 0, table.length);
        require(complaint == null, complaint);
    }

    /** Which bytes stand where, in which record and behind which END, however they are cut into extents. */
    private static long digest(final RecordMessage message, final BatchPayload payload) {
        long digest = message.firstSequence() * 31 + message.newestEndOfBatch();
        int at = payload.offset();
        long record = message.firstSequence() - 1;
        for (int i = 0; i < message.groupCount(); i++) {
            record += message.extentContinues(i) ? 0 : 1;
            final int kind = message.extentKind(i);
            final long length = message.extentLength(i);
            final int family = family(kind);
            final boolean carries = RecordMessage.carriesPayload(kind);
            final boolean expanded = carries || length <= EXPANDED_MAX;
            for (long done = 0; done < length; done += expanded ? SECTOR : length) {
                final long content = carries ? content(payload.buffer(), at + (int) done) : 0;
                digest = mix(digest, record, message.extentVolume(i), message.extentOffset(i) + done, family, content);
                digest = expanded ? digest : mix(digest, length);
            }
            at += carries ? (int) length : 0;
        }
        return digest;
    }

    private static int family(final int kind) {
        if (kind == RecordMessage.DISCARD) {
            return 2;
        }
        return kind == RecordMessage.CHUNK || kind == RecordMessage.CHUNK_ZERO ? 1 : 0;
    }

    private static long content(final DirectBuffer buffer, final int at) {
        long sum = 0;
        for (int i = 0; i < SECTOR; i += Long.BYTES) {
            final long word = buffer.getLong(at + i);
            sum = sum == 0 && word == 0 ? 0 : sum * 0x9E3779B97F4A7C15L + word + i;
        }
        return sum;
    }

    private static long mix(final long digest, final long... values) {
        long mixed = digest;
        for (final long value : values) {
            mixed = (mixed ^ value) * 0x9E3779B97F4A7C15L;
            mixed ^= mixed >>> 29;
        }
        return mixed;
    }

    /** Calls what a user of a whole message may call. */
    static void touch(final RecordMessage message) {
        require(message.dataOffset() + message.dataLength() <= message.length(), "data behind the message");
        require(message.groupCount() <= StreamLimits.BATCH_EXTENTS_MAX, "a long table");
        message.computeChecksum();
        message.lastSequence();
        message.capturePosition();
        message.captureTimeNs();
        message.newestEndOfBatch();
        message.hasOnlyChunks();
        if (message.templateId() == WriteBatchDecoder.TEMPLATE_ID) {
            require(message.uncompressedLength() <= StreamLimits.BATCH_PAYLOAD_LENGTH_MAX, "a long payload");
            for (int i = 0; i < message.groupCount(); i++) {
                require(message.extentOffset(i) >= 0 && message.extentLength(i) > 0, "an extent of nothing");
                message.extentVolume(i);
                message.extentContinues(i);
                message.extentEnds(i);
            }
        } else {
            message.text();
            message.volumeNumber();
        }
    }

    static void require(final boolean holds, final String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static List<byte[]> seeds() {
        final List<byte[]> seeds = new ArrayList<>();
        for (final byte[] message : Inputs.messages()) {
            for (final int choice : new int[] {0, SEAL, PLACE}) {
                seeds.add(Inputs.input(choice, message));
            }
        }
        return seeds;
    }
}
