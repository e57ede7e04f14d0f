package org.farshore.agent.rig;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.AckEncoder;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.CompareResultEncoder;
import org.farshore.dataplane.codecs.replication.HelloDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.PieceHashesDecoder;
import org.farshore.dataplane.codecs.replication.RejectEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.UnreadableExtentDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WelcomeEncoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.runtime.PieceHasher;
import org.farshore.dataplane.ship.Claim;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.MessageHandler;
import org.farshore.dataplane.ship.ReceiverLink;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.SenderLink;
import org.farshore.dataplane.ship.StreamMessageChecker;
import org.farshore.dataplane.ship.VolumeRecords;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * A master target in memory at the other end of the agent's link: strict reception by the product's own checker, a
 * journal of which the test decides what is synced and what a loss of the connection takes away, replicas. It calls back
 * at every durable barrier.
 */
public final class ModelReceiver implements Links {
    /** Told when a barrier became durable and the replicas stand at it. */
    public interface CutListener {
        /** The replicas stand at a barrier, or, with a time of 0, where a volume turned to ORDERED. */
        void onCut(long cutTimeNs, List<Integer> volumes);
    }

    private static final int BLOCK = 4096;
    private static final int SECTOR = 512;

    /** Volume number to its replica. */
    public final Map<Integer, byte[]> replicas = new HashMap<>();
    /** Every complaint about a message: must stay empty. */
    public final List<String> complaints = new ArrayList<>();
    /** Extents that could not be read at the source. */
    public final List<Long> unreadable = new ArrayList<>();

    public int welcomes;
    public int cuts;
    /** Chunk bytes made durable, without zeros. */
    public long chunkBytes;

    public boolean answersHello = true;
    public RejectReason rejects;
    private final Map<Integer, BitSet> fromChunk = new HashMap<>();
    private final CutListener listener;

    private final VolumeTable received = new VolumeTable();
    private VolumeTable durable = new VolumeTable();
    private final Deque<byte[]> unsynced = new ArrayDeque<>();
    private final List<byte[]> behindEnd = new ArrayList<>();
    private final StreamMessageChecker checker = new StreamMessageChecker();
    private Link link;
    private int incarnation;
    private long endSequence;
    private long endPosition;
    private long captureIdHigh;
    private long captureIdLow;

    public ModelReceiver(final CutListener listener) {
        this.listener = listener;
    }

    // what the test decides

    /** Makes the oldest {@code count} received messages durable, and says so. */
    public void sync(final int count) {
        for (int i = 0; i < count && !unsynced.isEmpty(); i++) {
            behindEnd.add(unsynced.poll());
            applyToEnd();
        }
        acknowledge();
    }

    /** Messages received and not durable. */
    public int unsyncedCount() {
        return unsynced.size();
    }

    /** The connection breaks; what was received and not synced is gone. */
    public void breakLink() {
        if (link != null) {
            link.isBroken = true;
        }
        unsynced.clear();
        behindEnd.clear();
    }

    /** Forgets everything, as a target on a new disk. */
    public void forget() {
        breakLink();
        durable = new VolumeTable();
        replicas.clear();
        endSequence = 0;
        endPosition = 0;
        captureIdHigh = 0;
        captureIdLow = 0;
    }

    /** Sends an Ack again. */
    public void acknowledge() {
        if (link == null || link.isBroken || !link.isDataOpen) {
            return;
        }
        final UnsafeBuffer buffer = message(128);
        new AckEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(link.connectionId)
                .incarnation(incarnation)
                .flags(0)
                .durableSequence(endSequence)
                .durableCapturePosition(endPosition)
                .spooledSequence(endSequence)
                .spooledCapturePosition(endPosition)
                .appliedSequence(endSequence);
        link.answers.add(buffer);
    }

    /** Sends these bytes as an answer, whatever they are. */
    public void answer(final byte[] bytes) {
        link.answers.add(new UnsafeBuffer(bytes));
    }

    /** Incarnation of the connection that the agent has now. */
    public int incarnation() {
        return incarnation;
    }

    /** Id of the connection that the agent has now. */
    public long connectionId() {
        return link.connectionId;
    }

    public StreamVolume volume(final int number) {
        return durable.get(number);
    }

    // the network

    @Override
    public SenderLink connect(final String endpoint) {
        link = new Link();
        return link;
    }

    @Override
    public ReceiverLink listen(final String endpoint) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int doWork() {
        return 0;
    }

    @Override
    public void close() {}

    /** Fails a share of all claims, by the test's choice. */
    public java.util.function.BooleanSupplier backPressure = () -> false;

    private final class Link implements SenderLink, Claim {
        private final UnsafeBuffer buffer = message(70_000);
        private final Deque<DirectBuffer> answers = new ArrayDeque<>();
        private boolean isBroken;
        private boolean isDataOpen;
        private boolean isHello;
        private int length;
        private long connectionId;
        private long position;

        @Override
        public boolean isConnected() {
            return !isBroken;
        }

        @Override
        public LinkStatus claimHello(final int messageLength) {
            isHello = true;
            length = messageLength;
            return isBroken ? LinkStatus.CLOSED : LinkStatus.OK;
        }

        @Override
        public int poll(final MessageHandler handler, final int limit) {
            int count = 0;
            while (!isBroken && count < limit && !answers.isEmpty()) {
                final DirectBuffer answer = answers.poll();
                handler.onMessage(answer, 0, answer.capacity());
                count++;
            }
            return count;
        }

        @Override
        public void openData(final int streamId, final int sessionId) {
            isDataOpen = true;
        }

        @Override
        public boolean isDataConnected() {
            return isDataOpen && !isBroken;
        }

        @Override
        public LinkStatus claimData(final int messageLength) {
            if (isBroken) {
                return LinkStatus.CLOSED;
            }
            isHello = false;
            length = messageLength;
            return backPressure.getAsBoolean() ? LinkStatus.BACK_PRESSURE : LinkStatus.OK;
        }

        @Override
        public Claim claim() {
            return this;
        }

        @Override
        public long dataPosition() {
            return position;
        }

        @Override
        public MutableDirectBuffer buffer() {
            return buffer;
        }

        @Override
        public int offset() {
            return 8;
        }

        @Override
        public void commit() {
            position += length;
            if (isHello) {
                onHello(this, buffer, 8);
            } else {
                onRecord(buffer, 8, length);
            }
        }

        @Override
        public void abort() {}

        @Override
        public void close() {
            isBroken = true;
        }
    }

    private void onHello(final Link from, final DirectBuffer buffer, final int offset) {
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, offset);
        if (header.templateId() != HelloDecoder.TEMPLATE_ID || !answersHello) {
            return;
        }
        final HelloDecoder hello = new HelloDecoder().wrapAndApplyHeader(buffer, offset, header);
        from.connectionId = hello.connectionId();
        if (rejects != null) {
            reject(from);
            return;
        }
        unsynced.clear();
        behindEnd.clear();
        incarnation++;
        welcomes++;
        received.copyFrom(durable);
        checker.begin(hello.machineIdHigh(), hello.machineIdLow(), 1, incarnation, endSequence + 1);
        welcome(from);
        captureIdHigh = hello.captureIdHigh();
        captureIdLow = hello.captureIdLow();
    }

    private void reject(final Link to) {
        final UnsafeBuffer buffer = message(256);
        new RejectEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(to.connectionId)
                .reason(rejects)
                .text("because");
        to.answers.add(buffer);
    }

    private void welcome(final Link to) {
        final UnsafeBuffer buffer = message(1024);
        final WelcomeEncoder welcome = new WelcomeEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .connectionId(to.connectionId)
                .generation(1)
                .incarnation(incarnation)
                .nextSequence(endSequence + 1)
                .capturePosition(endPosition)
                .captureIdHigh(captureIdHigh)
                .captureIdLow(captureIdLow)
                .dataStreamId(5)
                .dataSessionId(6);
        final WelcomeEncoder.VolumesEncoder group = welcome.volumesCount(durable.size());
        for (final StreamVolume volume : durable.all()) {
            group.next()
                    .uuidHigh(volume.uuidHigh())
                    .uuidLow(volume.uuidLow())
                    .sizeBytes(volume.sizeBytes())
                    .number(volume.number())
                    .writeOrder(volume.writeOrder())
                    .everConverged((short) (volume.everConverged() ? 1 : 0));
        }
        to.answers.add(buffer);
    }

    private void onRecord(final DirectBuffer buffer, final int offset, final int length) {
        String complaint = checker.check(buffer, offset, length);
        if (complaint == null) {
            complaint = checker.checkVolumes(received);
        }
        if (complaint != null) {
            complaints.add(complaint);
            throw new AssertionError(complaint);
        }
        VolumeRecords.take(checker.message(), received);
        checker.accept();
        final byte[] copy = new byte[length];
        buffer.getBytes(offset, copy);
        unsynced.add(copy);
    }

    // the journal

    private void applyToEnd() {
        final RecordMessage message = new RecordMessage();
        final byte[] newest = behindEnd.get(behindEnd.size() - 1);
        wrap(message, newest);
        if (message.endSequence() <= endSequence) {
            return;
        }
        final long end = message.endSequence();
        final long position = message.capturePosition();
        for (final byte[] bytes : behindEnd) {
            wrap(message, bytes);
            apply(message, endSequence, end);
        }
        endSequence = end;
        endPosition = position;
        judgeEnd();
        if (message.lastSequence() == end) {
            behindEnd.clear();
        } else {
            behindEnd.clear();
            behindEnd.add(newest);
        }
    }

    /** Where a volume is ordered every durable END is a cut, not only a barrier. */
    private void judgeEnd() {
        final List<Integer> ordered = orderedVolumes();
        if (!ordered.isEmpty()) {
            listener.onCut(0, ordered);
        }
    }

    /** True when the sector holds what was read from the device, where a write in flight may be half there. */
    public boolean isFromChunk(final int volume, final int sector) {
        final BitSet sectors = fromChunk.get(volume);
        return sectors != null && sectors.get(sector);
    }

    private void apply(final RecordMessage message, final long behind, final long upTo) {
        if (message.templateId() == WriteBatchDecoder.TEMPLATE_ID) {
            int payload = message.dataOffset();
            for (int i = 0; i < message.groupCount(); i++) {
                final long sequence = message.firstSequence() + i;
                final boolean carries = RecordMessage.carriesPayload(message.extentKind(i));
                if (sequence > behind && sequence <= upTo) {
                    applyExtent(message, i, payload);
                }
                payload += carries ? (int) message.extentLength(i) : 0;
            }
            return;
        }
        if (message.firstSequence() <= behind || message.firstSequence() > upTo) {
            return;
        }
        VolumeRecords.take(message, durable);
        replicas.keySet().removeIf(number -> durable.get(number) == null);
        for (final StreamVolume volume : durable.all()) {
            replicas.merge(
                    volume.number(),
                    new byte[(int) volume.sizeBytes()],
                    (old, fresh) -> old.length < fresh.length ? Arrays.copyOf(old, fresh.length) : old);
        }
        switch (message.templateId()) {
            case BarrierDecoder.TEMPLATE_ID -> onBarrier(message);
            case VolumeStateDecoder.TEMPLATE_ID -> {
                if (message.writeOrder() == WriteOrder.ORDERED.value()) {
                    listener.onCut(0, orderedVolumes());
                }
            }
            case PieceHashesDecoder.TEMPLATE_ID -> compare(message);
            case UnreadableExtentDecoder.TEMPLATE_ID ->
                unreadable.add(new UnreadableExtentDecoder()
                        .wrapAndApplyHeader(message.buffer(), message.offset(), new MessageHeaderDecoder())
                        .extentOffset());
            default -> {}
        }
    }

    private void applyExtent(final RecordMessage message, final int index, final int payload) {
        final byte[] replica = replicas.get(message.extentVolume(index));
        final int offset = (int) message.extentOffset(index);
        final int length = (int) message.extentLength(index);
        if (RecordMessage.carriesPayload(message.extentKind(index))) {
            message.buffer().getBytes(message.offset() + payload, replica, offset, length);
        } else {
            Arrays.fill(replica, offset, offset + length, (byte) 0);
        }
        final boolean isChunk = message.extentKind(index) == RecordMessage.CHUNK;
        chunkBytes += isChunk ? length : 0;
        fromChunk
                .computeIfAbsent(message.extentVolume(index), number -> new BitSet())
                .set(offset / SECTOR, (offset + length) / SECTOR, isChunk);
    }

    private void onBarrier(final RecordMessage message) {
        final List<Integer> ordered = new ArrayList<>();
        for (int i = 0; i < message.groupCount(); i++) {
            ordered.add(message.barrierVolume(i));
            if (durable.get(message.barrierVolume(i)).writeOrder() != WriteOrder.ORDERED) {
                throw new AssertionError("a barrier over a volume that is not ordered");
            }
        }
        cuts++;
        listener.onCut(message.captureTimeNs(), ordered);
    }

    private List<Integer> orderedVolumes() {
        final List<Integer> ordered = new ArrayList<>();
        for (final StreamVolume volume : durable.all()) {
            if (volume.writeOrder() == WriteOrder.ORDERED) {
                ordered.add(volume.number());
            }
        }
        return ordered;
    }

    private void compare(final RecordMessage message) {
        final PieceHashesDecoder decoder = new PieceHashesDecoder()
                .wrapAndApplyHeader(message.buffer(), message.offset(), new MessageHeaderDecoder());
        final int count = (int) decoder.pieceCount();
        final UnsafeBuffer key = message(32);
        decoder.getKey(key, 0, 32);
        final UnsafeBuffer hashes = message(count * 16);
        decoder.getHashes(hashes, 0, count * 16);
        final byte[] replica = replicas.get(decoder.volume());
        final byte[] differs = new byte[(count + 7) / 8];
        final UnsafeBuffer piece = message(16 * BLOCK);
        final UnsafeBuffer tag = message(16);
        try (PieceHasher hasher = new PieceHasher()) {
            hasher.key(key, 0);
            for (int i = 0; i < count; i++) {
                final long number = decoder.firstPiece() + i;
                final int length = (int) Math.min(16 * BLOCK, replica.length - number * 16 * BLOCK);
                piece.putBytes(0, replica, (int) number * 16 * BLOCK, length);
                hasher.hash(decoder.volume(), number, piece, 0, length, tag, 0);
                if (tag.getLong(0) != hashes.getLong(i * 16) || tag.getLong(8) != hashes.getLong(i * 16 + 8)) {
                    differs[i >> 3] |= (byte) (1 << (i & 7));
                }
            }
        }
        final UnsafeBuffer answer = message(64 + differs.length);
        new CompareResultEncoder()
                .wrapAndApplyHeader(answer, 0, new MessageHeaderEncoder())
                .connectionId(link.connectionId)
                .firstPiece(decoder.firstPiece())
                .incarnation(incarnation)
                .pieceCount(count)
                .volume(decoder.volume())
                .putDiffers(differs, 0, differs.length);
        link.answers.add(answer);
    }

    private static void wrap(final RecordMessage message, final byte[] bytes) {
        final UnsafeBuffer buffer = message(bytes.length);
        buffer.putBytes(0, bytes);
        final String complaint = message.wrap(buffer, 0, bytes.length);
        if (complaint != null) {
            throw new AssertionError(complaint);
        }
    }

    private static UnsafeBuffer message(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 8));
    }
}
