package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What one sync makes durable: consecutive frames and the direct writes that go before them. Filled by the receive thread,
 * written by the commit thread, handed over by queues: one thread at a time owns it.
 */
public final class JournalGroup {
    private final ByteBuffer bytes =
            BufferUtil.allocateDirectAligned(JournalLimits.GROUP_LENGTH_MAX, JournalLimits.BLOCK_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final JournalFrameFlyweight frame = new JournalFrameFlyweight();
    private final ArrayList<DirectWrites> directWrites = new ArrayList<>();
    private long segmentNumber;
    private int segmentOffset;
    private int capacity;
    private int length;
    private int frameCount;
    private long life;
    private long durablePosition;
    private long openedAtNs;
    private long endSequence;
    private long capturePosition;

    JournalGroup() {}

    void open(
            final long segment,
            final int offset,
            final int room,
            final long lifeNumber,
            final long positionBefore,
            final long nowNs) {
        segmentNumber = segment;
        segmentOffset = offset;
        capacity = Math.min(room, JournalLimits.GROUP_LENGTH_MAX);
        life = lifeNumber;
        durablePosition = positionBefore;
        openedAtNs = nowNs;
        length = 0;
        frameCount = 0;
        directWrites.clear();
    }

    /** True when a frame with this body, and the PAD behind it, still fit. */
    boolean hasRoom(final int bodyLength) {
        return length + frameLength(bodyLength) + JournalFrameFlyweight.HEADER_LENGTH <= capacity;
    }

    static int frameLength(final int bodyLength) {
        return BitUtil.align(JournalFrameFlyweight.HEADER_LENGTH + bodyLength, JournalLimits.FRAME_ALIGNMENT);
    }

    /** Begins a frame at the end of the group; the caller sets its values and then calls {@link #finish}. */
    JournalFrameFlyweight begin(final int type, final int bodyLength) {
        frame.wrap(buffer, length);
        frame.init(type, length == 0 ? JournalFrameFlyweight.FLAG_FIRST : 0, bodyLength);
        frame.place(segmentNumber, segmentOffset + length, life, durablePosition);
        return frame;
    }

    void putBody(final DirectBuffer body, final int offset, final int bodyLength) {
        buffer.putBytes(length + JournalFrameFlyweight.HEADER_LENGTH, body, offset, bodyLength);
    }

    void finish(final long newestEndSequence, final long newestCapturePosition) {
        frame.seal(buffer, length);
        length += frame.alignedLength();
        frameCount += frame.type() == JournalFrameFlyweight.TYPE_PAD ? 0 : 1;
        endSequence = newestEndSequence;
        capturePosition = newestCapturePosition;
    }

    /** Bytes from here to the next block that leaves room for the header of a PAD. */
    int padBodyLength() {
        final int end = JournalLimits.alignToBlock(length + JournalFrameFlyweight.HEADER_LENGTH);
        return end - length - JournalFrameFlyweight.HEADER_LENGTH;
    }

    void zeroPadBody(final int bodyLength) {
        buffer.setMemory(length + JournalFrameFlyweight.HEADER_LENGTH, bodyLength, (byte) 0);
    }

    void attach(final DirectWrites writes) {
        directWrites.add(writes);
    }

    /** Runs them in order; after a failure the next call goes on with the one that failed. */
    void runDirectWrites() throws IOException {
        while (!directWrites.isEmpty()) {
            directWrites.get(0).writeAndSync();
            directWrites.remove(0);
        }
    }

    /** The whole group for writing, position to limit. */
    ByteBuffer bytes() {
        return bytes.clear().limit(length);
    }

    long segmentNumber() {
        return segmentNumber;
    }

    int segmentOffset() {
        return segmentOffset;
    }

    /** Bytes so far; after closing a multiple of 4096. */
    int length() {
        return length;
    }

    /** Frames so far, PAD not counted. */
    int frameCount() {
        return frameCount;
    }

    long openedAtNs() {
        return openedAtNs;
    }

    long endSequence() {
        return endSequence;
    }

    long capturePosition() {
        return capturePosition;
    }
}
