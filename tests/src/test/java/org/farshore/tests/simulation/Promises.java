package org.farshore.tests.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.AckDecoder;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WelcomeDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.VolumeRecords;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * Listens on the wire between agent and process server, and keeps what the far side has promised to have: a copy that holds
 * every record up to the newest durable one, in order, and nothing behind it. So it sees each recovery point as it becomes
 * durable, and has an oracle judge it.
 *
 * <p>A Welcome voids what was sent from its next sequence on; what it names as held can never be less than what was
 * acknowledged before, and its incarnation is larger than all before; a Hello that came twice is answered twice alike.
 */
public final class Promises {
    private final Cuts cuts;
    private final Map<Integer, byte[]> copies = new HashMap<>();
    private final VolumeTable volumes = new VolumeTable();
    private final Deque<Sent> sent = new ArrayDeque<>();
    private final RecordMessage message = new RecordMessage();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final WelcomeDecoder welcome = new WelcomeDecoder();
    private final AckDecoder ack = new AckDecoder();
    private final UnsafeBuffer scratch = new UnsafeBuffer(BufferUtil.allocateDirectAligned(1 << 17, 8));
    private int incarnation;
    private long welcomedConnection;
    private long welcomedNext;
    private long durable;
    private long applied;
    private long newestCutNs;
    private int newestCutVolumes;
    private CutWatch cutWatch = (sequence, captureNs, named, copiesNow) -> {};

    /** Hears of each point as it becomes durable. */
    @FunctionalInterface
    interface CutWatch {
        void onCut(long sequence, long captureNs, List<Integer> named, Map<Integer, byte[]> copies);
    }

    /** Who judges cuts. */
    public interface Cuts {
        /**
         * The copies stand at a cut.
         *
         * @param saidNs when the agent said so.
         * @param cutNs the cut's clock; 0 for a turn to ORDERED, which owes nothing.
         * @param ordered numbers of the volumes that are part of it.
         */
        void onCut(long saidNs, long cutNs, List<Integer> ordered, Map<Integer, byte[]> copies);

        /** The cut was a barrier: a recovery point. */
        default void onPoint() {}
    }

    private static final class Sent {
        private final byte[] bytes;
        private final long first;
        private long last;

        Sent(final byte[] bytes, final long first, final long last) {
            this.bytes = bytes;
            this.first = first;
            this.last = last;
        }
    }

    public Promises(final Cuts cuts) {
        this.cuts = cuts;
    }

    /** True for a message of the data stream. */
    public static boolean isRecords(final byte[] bytes) {
        return isRecords(
                new MessageHeaderDecoder().wrap(new UnsafeBuffer(bytes), 0).templateId());
    }

    private static boolean isRecords(final int template) {
        return template >= RecordMessage.TEMPLATE_ID_MIN && template <= RecordMessage.TEMPLATE_ID_MAX;
    }

    /**
     * A commit ended what was promised: from now on the far side has these volumes, and what it takes next goes there.
     *
     * @param endSequence of all that was taken before.
     */
    void beginAnew(final long endSequence, final Map<Integer, byte[]> volumesNow) {
        sent.clear();
        durable = endSequence;
        applied = endSequence;
        newestCutVolumes = 0;
        volumesNow.forEach(
                (volume, bytes) -> copies.computeIfPresent(volume, (number, old) -> Arrays.copyOf(bytes, old.length)));
    }

    void watchCuts(final CutWatch watch) {
        cutWatch = watch;
    }

    /** A message is on its way. */
    public void onMessage(final boolean up, final byte[] bytes) {
        scratch.putBytes(0, bytes);
        header.wrap(scratch, 0);
        final int template = header.templateId();
        if (up && isRecords(template)) {
            onRecords(bytes);
        } else if (!up && template == WelcomeDecoder.TEMPLATE_ID) {
            welcome.wrapAndApplyHeader(scratch, 0, header);
            onWelcome(welcome.connectionId(), (int) welcome.incarnation(), welcome.nextSequence());
        } else if (!up && template == AckDecoder.TEMPLATE_ID) {
            ack.wrapAndApplyHeader(scratch, 0, header);
            applied = Math.max(applied, ack.appliedSequence());
            durableTo(ack.durableSequence());
        }
    }

    private void onRecords(final byte[] bytes) {
        final String complaint = message.wrap(scratch, 0, bytes.length);
        if (complaint != null) {
            throw new Violation("I4", "the agent sends nonsense: " + complaint);
        }
        if (message.incarnation() == incarnation) {
            sent.add(new Sent(bytes, message.firstSequence(), message.lastSequence()));
        }
    }

    private void onWelcome(final long connection, final int newIncarnation, final long next) {
        if (newIncarnation == incarnation && connection == welcomedConnection && next == welcomedNext) {
            return;
        }
        if (newIncarnation <= incarnation) {
            throw new Violation("I5", "incarnation " + newIncarnation + " is given behind " + incarnation);
        }
        welcomedConnection = connection;
        welcomedNext = next;
        if (next - 1 < durable) {
            throw new Violation("I2", durable + " was acknowledged, Welcome asks for " + next);
        }
        incarnation = newIncarnation;
        sent.removeIf(one -> one.first >= next);
        if (!sent.isEmpty()) {
            sent.peekLast().last = Math.min(sent.peekLast().last, next - 1);
        }
        durableTo(next - 1);
        if (!sent.isEmpty()) {
            throw new Violation("I2", "behind Welcome's " + next + " something older is still not durable");
        }
    }

    private void durableTo(final long sequence) {
        while (!sent.isEmpty() && sent.peekFirst().first <= sequence) {
            final Sent oldest = sent.peekFirst();
            scratch.putBytes(0, oldest.bytes);
            message.wrap(scratch, 0, oldest.bytes.length);
            apply(Math.min(sequence, oldest.last));
            if (oldest.last > sequence) {
                break;
            }
            sent.removeFirst();
        }
        if (sequence > durable) {
            throw new Violation("I2", sequence + " is acknowledged, " + durable + " was sent");
        }
    }

    private void apply(final long upTo) {
        if (message.templateId() == WriteBatchDecoder.TEMPLATE_ID) {
            applyBatch(upTo);
        } else if (message.firstSequence() > durable) {
            applyRecord();
        }
        durable = Math.max(durable, upTo);
    }

    private void applyBatch(final long upTo) {
        int payload = message.dataOffset();
        long sequence = message.firstSequence() - 1;
        for (int i = 0; i < message.groupCount(); i++) {
            sequence += message.extentContinues(i) ? 0 : 1;
            final boolean carries = RecordMessage.carriesPayload(message.extentKind(i));
            final int length = (int) message.extentLength(i);
            if (sequence > durable && sequence <= upTo) {
                final byte[] copy = copies.get(message.extentVolume(i));
                final int offset = (int) message.extentOffset(i);
                if (carries) {
                    message.buffer().getBytes(message.offset() + payload, copy, offset, length);
                } else {
                    Arrays.fill(copy, offset, offset + length, (byte) 0);
                }
            }
            payload += carries ? length : 0;
        }
    }

    private void applyRecord() {
        VolumeRecords.take(message, volumes);
        for (final StreamVolume volume : volumes.all()) {
            final byte[] known = copies.get(volume.number());
            if (known == null) {
                copies.put(volume.number(), new byte[(int) volume.sizeBytes()]);
            } else if (known.length < volume.sizeBytes()) {
                copies.put(volume.number(), Arrays.copyOf(known, (int) volume.sizeBytes()));
            }
        }
        if (message.templateId() == BarrierDecoder.TEMPLATE_ID) {
            onBarrier();
        } else if (message.templateId() == VolumeStateDecoder.TEMPLATE_ID
                && message.writeOrder() == WriteOrder.ORDERED.value()) {
            cuts.onCut(message.captureTimeNs(), 0, orderedVolumes(), copies);
        }
    }

    private void onBarrier() {
        final List<Integer> named = new ArrayList<>();
        for (int i = 0; i < message.groupCount(); i++) {
            named.add(message.barrierVolume(i));
        }
        if (!orderedVolumes().containsAll(named)) {
            throw new Violation("I3", "a barrier names a volume that is converging");
        }
        cuts.onCut(message.captureTimeNs(), message.captureTimeNs(), named, copies);
        cutWatch.onCut(message.firstSequence(), message.captureTimeNs(), named, copies);
        newestCutNs = message.captureTimeNs();
        newestCutVolumes = named.size();
        cuts.onPoint();
    }

    private List<Integer> orderedVolumes() {
        final List<Integer> ordered = new ArrayList<>();
        for (final StreamVolume volume : volumes.all()) {
            if (volume.writeOrder() == WriteOrder.ORDERED) {
                ordered.add(volume.number());
            }
        }
        return ordered;
    }

    /** What is promised of a volume, or null while it is not known there. */
    public byte[] copy(final int volume) {
        return copies.get(volume);
    }

    /** Newest sequence that was acknowledged. */
    public long durable() {
        return durable;
    }

    /** Everything that was sent is acknowledged: a chunk read just now may be the only one with the device's bytes. */
    public boolean isAllDurable() {
        return sent.isEmpty();
    }

    /** Newest sequence that the replica is said to hold. */
    public long applied() {
        return applied;
    }

    /** Clock of the newest durable cut that names so many volumes; 0 when the newest names fewer. */
    public long newestCutNs(final int volumeCount) {
        return newestCutVolumes == volumeCount ? newestCutNs : 0;
    }
}
