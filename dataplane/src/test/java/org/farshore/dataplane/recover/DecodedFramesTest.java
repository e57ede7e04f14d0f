package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.journal.FrameFetcher;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DecodedFramesTest {
    private static final int LENGTH = 5 * 4096 + 1536;

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final StreamRig stream = new StreamRig(disk, 1, 4);
    private final HeapCounters counters = new HeapCounters();
    private final Random random = new Random(1);
    private DecodedFrames frames;

    @BeforeEach
    void begin() throws IOException {
        stream.open();
        stream.connect();
        frames = newFrames(0);
    }

    private DecodedFrames newFrames(final long memoryBytes) {
        return new DecodedFrames(
                stream.journal::newFetcher,
                new FrameMemory(memoryBytes),
                counters.newCounter(ReplicationCounter.VIEW_FRAME_HITS, ""),
                counters.newCounter(ReplicationCounter.VIEW_FRAMES_DECODED, ""));
    }

    private long decoded() {
        return counters.get(ReplicationCounter.VIEW_FRAMES_DECODED, "");
    }

    private byte[] noise(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private long append(final byte[] payload) {
        final long first = stream.messages.nextSequence();
        final long position = stream.append(stream.messages.batch(Extent.write(1, 0, payload)), first);
        stream.settle();
        return position;
    }

    private byte[] read(final long position, final int offset, final int length, final boolean direct)
            throws IOException {
        final ByteBuffer target = direct ? ByteBuffer.allocateDirect(length + 7) : ByteBuffer.allocate(length + 7);
        target.position(3);
        assertThat(frames.copy(position, offset, length, target)).isEqualTo(FrameFetcher.Status.FOUND);
        assertThat(target.position()).isEqualTo(3 + length);
        final byte[] bytes = new byte[length];
        target.position(3).get(bytes);
        return bytes;
    }

    @Test
    void aPlainFrameIsReadWholeOnceAndInPartsFromThenOn() throws IOException {
        final byte[] payload = noise(LENGTH);
        final long position = append(payload);
        for (int i = 0; i < 500; i++) {
            final int offset = i % 3 == 0 ? random.nextInt(6) * 4096 : random.nextInt(LENGTH);
            final int length = i % 3 == 1 ? LENGTH - offset : 1 + random.nextInt(LENGTH - offset);
            assertThat(read(position, offset, length, random.nextBoolean()))
                    .as("%d bytes at %d", length, offset)
                    .isEqualTo(Arrays.copyOfRange(payload, offset, offset + length));
        }
        assertThat(decoded()).isEqualTo(1);
    }

    @Test
    void everyByteOfAPlainFrameThatChangedSinceItWasCheckedIsFound() throws IOException {
        final byte[] payload = noise(LENGTH);
        final long position = append(payload);
        read(position, 0, LENGTH, true);
        final Path segment = StreamRig.STREAM.resolve("journal/segment-00000");
        final long begin = position - StreamRig.SEGMENT_LENGTH;
        final long payloadBegin = begin + frameLength(begin) - LENGTH;
        for (int at = 0; at < LENGTH; at += 509) {
            disk.flip(segment, payloadBegin + at, 1 << at % 8);
            final ByteBuffer target = ByteBuffer.allocateDirect(LENGTH);
            final int cell = at / 4096 * 4096;
            assertThat(frames.copy(position, cell, Math.min(4096, LENGTH - cell), target))
                    .as("byte %d", at)
                    .isEqualTo(FrameFetcher.Status.DAMAGED);
            assertThat(target.position()).isZero();
            disk.flip(segment, payloadBegin + at, 1 << at % 8);
            assertThat(read(position, 0, LENGTH, true)).isEqualTo(payload);
        }
    }

    /** The payload is the last thing of a message, the message the last of a frame. */
    private int frameLength(final long segmentOffset) throws IOException {
        final ByteBuffer header = ByteBuffer.allocate(4);
        disk.open(StreamRig.STREAM.resolve("journal/segment-00000"), BlockFiles.Mode.READ)
                .read(header, segmentOffset);
        return new UnsafeBuffer(header).getInt(0, ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void aPlainFrameWhoseSegmentWasReusedIsGone() throws IOException {
        final long position = append(noise(LENGTH));
        read(position, 0, LENGTH, true);
        while (stream.durable() < position + 6L * StreamRig.SEGMENT_LENGTH) {
            append(noise(LENGTH));
            stream.retire(stream.durable(), stream.messages.nextSequence() - 1, List.of());
        }
        final ByteBuffer target = ByteBuffer.allocateDirect(LENGTH);
        assertThat(frames.copy(position, 4096, 4096, target)).isEqualTo(FrameFetcher.Status.GONE);
        assertThat(target.position()).isZero();
    }

    @Test
    void whatTheFrameDoesNotHoldIsDamageAndNotOtherBytes() throws IOException {
        final long position = append(noise(LENGTH));
        final ByteBuffer target = ByteBuffer.allocateDirect(2 * LENGTH);
        for (int round = 0; round < 2; round++) {
            assertThat(frames.copy(position, LENGTH - 512, 1024, target)).isEqualTo(FrameFetcher.Status.DAMAGED);
            assertThat(frames.copy(position, -512, 512, target)).isEqualTo(FrameFetcher.Status.DAMAGED);
            assertThat(target.position()).isZero();
        }
    }

    @Test
    void unpackedFramesStayAsLongAsThereIsMemory() throws IOException {
        stream.messages.compress(true);
        final long[] positions = new long[24];
        final byte[][] payloads = new byte[positions.length][];
        for (int i = 0; i < positions.length; i++) {
            payloads[i] = noise(15 * 4096);
            Arrays.fill(payloads[i], 0, payloads[i].length / 2, (byte) i);
            positions[i] = append(payloads[i]);
        }
        frames = newFrames(8 * FrameMemory.PIECE_LENGTH);
        readAll(positions, payloads);
        readAll(positions, payloads);
        assertThat(decoded()).isEqualTo(positions.length);
        frames = newFrames(0);
        readAll(positions, payloads);
        readAll(positions, payloads);
        assertThat(decoded()).isGreaterThan(positions.length);
    }

    private void readAll(final long[] positions, final byte[][] payloads) throws IOException {
        for (int i = 0; i < positions.length; i++) {
            assertThat(read(positions[i], 0, payloads[i].length, true)).isEqualTo(payloads[i]);
        }
    }

    @Test
    void morePlainFramesThanAreRememberedPushEachOtherOut() {
        final PlainFrames plain = new PlainFrames(8);
        final UnsafeBuffer payload = new UnsafeBuffer(ByteBuffer.allocateDirect(4096));
        for (int i = 1; i <= 100; i++) {
            plain.learn(i * 4096L, payload, 0, 200, 4096);
            assertThat(plain.find(i * 4096L)).isNotNegative();
        }
        int known = 0;
        for (int i = 1; i <= 100; i++) {
            known += plain.find(i * 4096L) >= 0 ? 1 : 0;
        }
        assertThat(known).isEqualTo(8);
    }
}
