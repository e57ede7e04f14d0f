package org.farshore.tests.simulation.small;

import java.util.ArrayList;
import java.util.Arrays;
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
 * Listens on the wire between agent and process server, and keeps what the other side has promised to have: a copy that
 * holds every record up to the newest durable one, in order, and nothing behind it. A Welcome voids what was sent from its
 * next sequence on; what it names as held can never be less than what was acknowledged before.
 */
final class Promises {
    private final Cuts oracle;
    private final Map<Integer, byte[]> copies = new HashMap<>();
    private final VolumeTable volumes = new VolumeTable();
    private final List<Sent> sent = new ArrayList<>();
    private final RecordMessage message = new RecordMessage();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private long durable;
    private long applied;
    private long incarnation;
    private long incarnationOf;
    private long newestCutNs;
    private int newestCutVolumes;

    /** Who judges cuts. */
    interface Cuts {
        /**
         * The copies stand at a cut.
         *
         * @param saidNs when the agent said so.
         * @param cutNs the cut's clock; 0 for a turn to ORDERED.
         */
        void onCut(long saidNs, long cutNs, List<Integer> ordered, Map<Integer, byte[]> copies);
    }

    private static final class Sent {
        final UnsafeBuffer bytes;
        final long first;
        long last;

        Sent(final UnsafeBuffer bytes, final long first, final long last) {
            this.bytes = bytes;
            this.first = first;
            this.last = last;
        }
    }

    Promises(final Cuts oracle) {
        this.oracle = oracle;
    }

    /** A message is on its way. */
    void onMessage(final boolean up, final byte[] bytes) {
        final UnsafeBuffer buffer = new UnsafeBuffer(BufferUtil.allocateDirectAligned(bytes.length, 8));
        buffer.putBytes(0, bytes);
        header.wrap(buffer, 0);
        final int template = header.templateId();
        if (up && isRecords(bytes)) {
            onRecords(buffer);
        } else if (template == WelcomeDecoder.TEMPLATE_ID) {
            onWelcome(new WelcomeDecoder().wrapAndApplyHeader(buffer, 0, header));
        } else if (template == AckDecoder.TEMPLATE_ID) {
            final AckDecoder ack = new AckDecoder().wrapAndApplyHeader(buffer, 0, header);
            applied = Math.max(applied, ack.appliedSequence());
            durableTo(ack.durableSequence());
        }
    }

    /** True for a message of the data stream. */
    static boolean isRecords(final byte[] bytes) {
        final int template =
                new MessageHeaderDecoder().wrap(new UnsafeBuffer(bytes), 0).templateId();
        return template >= RecordMessage.TEMPLATE_ID_MIN && template <= RecordMessage.TEMPLATE_ID_MAX;
    }

    private void onRecords(final UnsafeBuffer buffer) {
        final String complaint = message.wrap(buffer, 0, buffer.capacity());
        if (complaint != null) {
            throw new AssertionError("the agent sends nonsense: " + complaint);
        }
        sent.add(new Sent(buffer, message.firstSequence(), message.lastSequence()));
    }

    private void onWelcome(final WelcomeDecoder welcome) {
        final long connection = welcome.connectionId();
        final long opened = welcome.incarnation();
        if (opened < incarnation || (opened == incarnation && connection != incarnationOf)) {
            throw new AssertionError("I5 one writer: incarnation " + opened + " is given a second time");
        }
        incarnation = opened;
        incarnationOf = connection;
        final long next = welcome.nextSequence();
        if (next - 1 < durable) {
            throw new AssertionError("I2 durable ack: " + durable + " was acknowledged, Welcome asks for " + next);
        }
        sent.removeIf(one -> one.first >= next);
        if (!sent.isEmpty()) {
            final Sent newest = sent.get(sent.size() - 1);
            newest.last = Math.min(newest.last, next - 1);
        }
        durableTo(next - 1);
    }

    private void durableTo(final long sequence) {
        while (!sent.isEmpty() && sent.get(0).first <= sequence) {
            final Sent oldest = sent.get(0);
            message.wrap(oldest.bytes, 0, oldest.bytes.capacity());
            apply(Math.min(sequence, oldest.last));
            if (oldest.last > sequence) {
                break;
            }
            sent.remove(0);
        }
        if (sequence > durable) {
            throw new AssertionError("I2 durable ack: " + sequence + " is acknowledged, " + durable + " was sent");
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
        for (int i = 0; i < message.groupCount(); i++) {
            final long sequence = message.firstSequence() + i;
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
            copies.computeIfAbsent(volume.number(), number -> new byte[(int) volume.sizeBytes()]);
        }
        if (message.templateId() == BarrierDecoder.TEMPLATE_ID) {
            final List<Integer> ordered = new ArrayList<>();
            for (int i = 0; i < message.groupCount(); i++) {
                ordered.add(message.barrierVolume(i));
            }
            if (!orderedVolumes().containsAll(ordered)) {
                throw new AssertionError("I3 no silent gap: a barrier over a volume that is converging");
            }
            oracle.onCut(message.captureTimeNs(), message.captureTimeNs(), ordered, copies);
            newestCutNs = message.captureTimeNs();
            newestCutVolumes = ordered.size();
        } else if (message.templateId() == VolumeStateDecoder.TEMPLATE_ID
                && message.writeOrder() == WriteOrder.ORDERED.value()) {
            oracle.onCut(message.captureTimeNs(), 0, orderedVolumes(), copies);
        }
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
    byte[] copy(final int volume) {
        return copies.get(volume);
    }

    /** Newest sequence that was acknowledged. */
    long durable() {
        return durable;
    }

    /** Newest sequence that the replica is said to hold. */
    long applied() {
        return applied;
    }

    /** Clock of the newest durable cut that names so many volumes; 0 when the newest names fewer. */
    long newestCutNs(final int volumeCount) {
        return newestCutVolumes == volumeCount ? newestCutNs : 0;
    }
}
