package org.farshore.dataplane.optimise;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.ship.BatchPayload;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.ship.StreamMessageChecker;
import org.junit.jupiter.api.Test;

class WriteBatchOptimiserTest {
    private static final int VOLUME_LENGTH = 1 << 20;

    private final MessageWriter writer = new MessageWriter(1, 2).begin(3, 4, 1, 0);
    private final WriteBatchOptimiser optimiser = new WriteBatchOptimiser();
    private final StreamMessageChecker in = new StreamMessageChecker();
    private final StreamMessageChecker out = new StreamMessageChecker();
    private final UnsafeBuffer target = new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 17));
    private final Random random = new Random(5);
    private int previousChecksum;

    WriteBatchOptimiserTest() {
        in.begin(1, 2, 3, 4, 1);
        out.begin(1, 2, 3, 4, 1);
    }

    /** Takes the writer's message over the hop; what leaves must be accepted by the strict receiver behind. */
    private RecordMessage hop() {
        assertThat(in.check(writer.buffer(), 0, writer.length())).isNull();
        in.accept();
        final int length = optimiser.prepare(in.message());
        assertThat(length).isLessThanOrEqualTo(writer.length());
        previousChecksum = optimiser.write(target, 8, previousChecksum);
        assertThat(out.check(target, 8, length)).isNull();
        out.accept();
        assertThat(out.endSequence()).isEqualTo(writer.endSequence());
        assertThat(out.nextSequence()).isEqualTo(writer.nextSequence());
        return out.message();
    }

    @Test
    void replacesAZeroBlockInTheMiddleOfAWriteByAFlag() {
        final byte[] payload = randomBytes(5 * 4096);
        zero(payload, 4096, 3 * 4096);
        writer.batch(Extent.write(7, 8192, payload));
        final RecordMessage message = hop();

        assertThat(describe(message))
                .containsExactly(
                        "7 WRITE 8192+4096", "7 ZERO 12288+8192 continued", "7 WRITE 20480+8192 continued end");
        assertThat(message.recordCount()).isEqualTo(1);
        assertThat(optimiser.zeroBytes()).isEqualTo(8192);
        assertThat(optimiser.inBytes()).isEqualTo(5 * 4096);
        assertThat(optimiser.outBytes()).isEqualTo(3 * 4096);
        assertThat(optimiser.passedBytes()).isEqualTo(3 * 4096);
    }

    @Test
    void keepsAWholeZeroWriteAsOneEntryWithItsOwnFlags() {
        writer.batch(Extent.write(1, 4096, new byte[3 * 4096]), Extent.chunk(1, 40960, new byte[4096]));

        assertThat(describe(hop())).containsExactly("1 ZERO 4096+12288 end", "1 CHUNK_ZERO 40960+4096 end");
        assertThat(optimiser.outBytes()).isZero();
    }

    @Test
    void leavesZerosThatDoNotFillAnAlignedBlock() {
        writer.batch(Extent.write(1, 512, new byte[4096]));

        assertThat(describe(hop())).containsExactly("1 WRITE 512+4096 end");
        assertThat(optimiser.zeroBytes()).isZero();
    }

    @Test
    void leavesAnOpenRecordOpen() {
        writer.batch(Extent.open(1, 0, new byte[4096]), Extent.open(1, 8192, randomBytes(4096)));

        assertThat(describe(hop())).containsExactly("1 ZERO 0+4096", "1 WRITE 8192+4096");
    }

    @Test
    void stopsCuttingWhenTheTableIsFull() {
        final List<Extent> extents = new ArrayList<>();
        for (int i = 0; i < StreamLimits.BATCH_EXTENTS_MAX - 12; i++) {
            extents.add(Extent.empty(1, ExtentKind.DISCARD, i * 512L, 512));
        }
        final byte[] stripes = randomBytes(15 * 4096);
        for (int i = 0; i < 15; i += 2) {
            zero(stripes, i * 4096, (i + 1) * 4096);
        }
        extents.add(Extent.write(1, 0, stripes));
        writer.batch(extents);
        final byte[] expected = new byte[VOLUME_LENGTH];
        apply(wrap(), expected);
        final RecordMessage message = hop();

        assertThat(message.groupCount()).isLessThanOrEqualTo(StreamLimits.BATCH_EXTENTS_MAX);
        assertThat(optimiser.zeroBytes()).isPositive();
        final byte[] actual = new byte[VOLUME_LENGTH];
        apply(message, actual);
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void compressesWhatPaysAndSaysSo() {
        final byte[] text = new byte[8192];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) ("farshore".charAt(i % 8) + i / 1000);
        }
        writer.batch(Extent.write(1, 0, text));

        assertThat(hop().isCompressed()).isTrue();
        assertThat(optimiser.outBytes()).isLessThan(1000);
        assertThat(optimiser.passedBytes()).isZero();
    }

    @Test
    void passesOtherMessagesAndCompressedBatchesWithANewChecksumOnly() {
        writer.volumeAdded(1, 99, 1 << 20, "data");
        assertThat(hop().text()).isEqualTo("data");
        writer.barrier(1);
        hop();
        writer.compress(true).batch(Extent.write(1, 0, new byte[8192]));
        final RecordMessage message = hop();

        assertThat(message.isCompressed()).isTrue();
        assertThat(describe(message)).containsExactly("1 WRITE 0+8192 end");
    }

    @Test
    void changesNothingThatAReceiverWouldStore() {
        final byte[] expected = new byte[VOLUME_LENGTH];
        final byte[] actual = new byte[VOLUME_LENGTH];
        for (int i = 0; i < 2_000; i++) {
            writer.batch(randomBatch());
            apply(wrap(), expected);
            apply(hop(), actual);
        }
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void allocatesNothingPerMessage() {
        writer.batch(Extent.write(1, 0, mixedBytes(15 * 4096)));
        assertThat(in.check(writer.buffer(), 0, writer.length())).isNull();
        for (int i = 0; i < 2_000; i++) {
            optimiser.prepare(in.message());
            optimiser.write(target, 0, i);
        }
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 2_000; i++) {
            optimiser.prepare(in.message());
            optimiser.write(target, 0, i);
        }

        assertThat((threads.getCurrentThreadAllocatedBytes() - before) / 2_000).isLessThan(4);
    }

    private List<Extent> randomBatch() {
        final List<Extent> extents = new ArrayList<>();
        int room = StreamLimits.BATCH_PAYLOAD_LENGTH_MAX;
        boolean ended = true;
        while (room >= 512 && extents.size() < 20 && (extents.isEmpty() || random.nextInt(6) > 0)) {
            final int length = 512 * (1 + random.nextInt(Math.min(room / 512, 48)));
            final long offset = 512L * random.nextInt((VOLUME_LENGTH - length) / 512);
            final ExtentKind kind = ExtentKind.get((short) (1 + random.nextInt(5)));
            final boolean carries = kind == ExtentKind.WRITE || kind == ExtentKind.CHUNK;
            final boolean continued = !extents.isEmpty() && !ended && random.nextBoolean();
            ended = random.nextBoolean();
            extents.add(new Extent(1, kind, offset, length, carries ? mixedBytes(length) : null, ended, continued));
            room -= carries ? length : 0;
        }
        return extents;
    }

    /** Some blocks random, some text, some zero. */
    private byte[] mixedBytes(final int length) {
        final byte[] bytes = new byte[length];
        for (int at = 0; at < length; at += 512) {
            final int end = Math.min(length, at + 512 * (1 + random.nextInt(24)));
            final int sort = random.nextInt(3);
            for (int i = at; i < end && sort > 0; i++) {
                bytes[i] = (byte) (sort == 1 ? random.nextInt() : i >> 4);
            }
            at = end - 512;
        }
        return bytes;
    }

    private byte[] randomBytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void zero(final byte[] bytes, final int from, final int to) {
        Arrays.fill(bytes, from, to, (byte) 0);
    }

    private RecordMessage wrap() {
        final RecordMessage message = new RecordMessage();
        assertThat(message.wrap(writer.buffer(), 0, writer.length())).isNull();
        return message;
    }

    private static void apply(final RecordMessage message, final byte[] volume) {
        final BatchPayload payload = new BatchPayload();
        assertThat(payload.open(message)).isNull();
        int at = payload.offset();
        for (int i = 0; i < message.groupCount(); i++) {
            final int offset = (int) message.extentOffset(i);
            final int length = (int) message.extentLength(i);
            if (RecordMessage.carriesPayload(message.extentKind(i))) {
                payload.buffer().getBytes(at, volume, offset, length);
                at += length;
            } else {
                zero(volume, offset, offset + length);
            }
        }
    }

    private static List<String> describe(final RecordMessage message) {
        final List<String> lines = new ArrayList<>();
        for (int i = 0; i < message.groupCount(); i++) {
            lines.add(message.extentVolume(i) + " " + ExtentKind.get((short) message.extentKind(i)) + " "
                    + message.extentOffset(i) + "+" + message.extentLength(i)
                    + (message.extentContinues(i) ? " continued" : "") + (message.extentEnds(i) ? " end" : ""));
        }
        return lines;
    }
}
