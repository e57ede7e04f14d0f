package org.farshore.dataplane.receive;

import static org.farshore.dataplane.journal.JournalWriter.BACK_PRESSURED;

import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.PieceHashesDecoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.VolumeAddedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalWriter;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.DirectBatch;
import org.farshore.dataplane.retire.DirectBatches;
import org.farshore.dataplane.retire.ReplicaVolume;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.ship.BatchPayload;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamMessageChecker;
import org.farshore.dataplane.ship.VolumeRecords;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * Takes the messages of one incarnation: checks each, decides where it goes, and appends it to the journal.
 *
 * <h2>Where a chunk goes (G1, G2)</h2>
 * A message of nothing but chunks goes straight to the replica when none of its volumes ever converged and none of its
 * blocks has a frame that is still to be applied, now or after a crash ({@link org.farshore.dataplane.retire.UnappliedBlocks}).
 * Its content rides beside the open group in a {@link DirectBatch}, its table goes into the group as a COPIED frame. Any
 * other message is journalled as it came. A write that follows such a chunk is applied after it in any case: it is in the
 * same group or a later one, and a group is applied only when it is durable, after its direct writes.
 *
 * <h2>Back pressure</h2>
 * {@code false} means that nothing has changed and the message must be offered again: no room in the group buffers or the
 * journal, no direct batch free, or a replica is being opened. Room is looked for before the costly checks.
 *
 * <p>Receive thread.
 */
final class MessageIntake {
    private final TargetStream stream;
    private final JournalWriter writer;
    private final ApplyAgent applyAgent;
    private final DirectBatches directBatches;
    private final StreamMessageChecker checker = new StreamMessageChecker();
    private final RecordMessage message = checker.message();
    private final BatchPayload payload = new BatchPayload();
    private final VolumeTable volumes = new VolumeTable();
    private final UnsafeBuffer copied = new UnsafeBuffer(BufferUtil.allocateDirectAligned(8192, 64));
    private final AtomicCounter sequenceCounter;
    private final AtomicCounter bytesCounter;
    private final AtomicCounter directBytes;
    private final AtomicCounter points;
    private int generation;
    private int incarnation;
    private long endSequence;
    private long capturePosition;
    private boolean volumesChanged;
    private DirectBatch direct;
    private long directGroup;
    private ApplyAgent.OpenReplica opening;
    private String complaint;
    private RejectReason reason;

    MessageIntake(
            final TargetStream stream,
            final ApplyAgent applyAgent,
            final DirectBatches directBatches,
            final CounterFactory counters) {
        this.stream = stream;
        this.writer = stream.journal().writer();
        this.applyAgent = applyAgent;
        this.directBatches = directBatches;
        this.endSequence = stream.journal().recovered().endSequence();
        this.capturePosition = stream.journal().recovered().capturePosition();
        sequenceCounter = counters.newCounter(ReplicationCounter.RECEIVE_SEQUENCE, stream.machine());
        bytesCounter = counters.newCounter(ReplicationCounter.RECEIVE_BYTES, stream.machine());
        directBytes = counters.newCounter(ReplicationCounter.DIRECT_BYTES, stream.machine());
        points = counters.newCounter(ReplicationCounter.POINTS, stream.machine());
        sequenceCounter.setRelease(endSequence);
    }

    /** Begins an incarnation behind the newest END; what was behind it is void. */
    void begin(final int newGeneration, final int newIncarnation, final long heldCapturePosition) {
        generation = newGeneration;
        incarnation = newIncarnation;
        capturePosition = heldCapturePosition;
        volumes.copyFrom(stream.volumes());
        volumesChanged = false;
        opening = null;
        checker.begin(stream.machineIdHigh(), stream.machineIdLow(), newGeneration, newIncarnation, endSequence + 1);
    }

    /**
     * Takes one message.
     *
     * @return false to have it offered again; when true, {@link #complaint()} tells whether it was taken or broke a rule.
     */
    boolean onMessage(final DirectBuffer buffer, final int offset, final int length) {
        complaint = null;
        reason = RejectReason.PROTOCOL;
        if (length <= StreamMessageChecker.LENGTH_MAX && !writer.ensureRoom(length)) {
            return false;
        }
        complaint = checker.check(buffer, offset, length);
        if (complaint == null) {
            complaint = checker.checkVolumes(volumes);
        }
        return complaint != null || take(buffer, offset, length);
    }

    private boolean take(final DirectBuffer buffer, final int offset, final int length) {
        boolean isTaken = true;
        switch (message.templateId()) {
            case WriteBatchDecoder.TEMPLATE_ID:
                complaint = payload.open(message);
                if (complaint != null) {
                    return true;
                }
                if (goesDirect()) {
                    return copy();
                }
                break;
            case PieceHashesDecoder.TEMPLATE_ID:
                isTaken = stream.apply().mayCompare();
                break;
            case VolumeAddedDecoder.TEMPLATE_ID:
            case VolumeResizedDecoder.TEMPLATE_ID:
                isTaken = prepareReplica();
                break;
            default:
                break;
        }
        return isTaken && (complaint != null || append(buffer, offset, length));
    }

    private boolean append(final DirectBuffer buffer, final int offset, final int length) {
        final long position = append(JournalFrameFlyweight.TYPE_STREAM, buffer, offset, length);
        if (position == BACK_PRESSURED) {
            return false;
        }
        if (message.templateId() == WriteBatchDecoder.TEMPLATE_ID) {
            mark(position);
        } else {
            takeOther(position);
        }
        accept(length);
        return true;
    }

    private long append(final int type, final DirectBuffer body, final int offset, final int length) {
        final boolean hasEnd = message.endSequence() >= message.firstSequence();
        return writer.append(
                type,
                generation,
                incarnation,
                message.firstSequence(),
                message.recordCount(),
                hasEnd ? message.endSequence() : endSequence,
                hasEnd ? message.capturePosition() : capturePosition,
                message.captureTimeNs(),
                body,
                offset,
                length);
    }

    private void accept(final int length) {
        if (message.endSequence() >= message.firstSequence()) {
            endSequence = message.endSequence();
            capturePosition = message.capturePosition();
            if (volumesChanged) {
                stream.volumes().copyFrom(volumes);
                volumesChanged = false;
            }
        }
        checker.accept();
        sequenceCounter.setRelease(checker.nextSequence() - 1);
        bytesCounter.getAndAddRelease(length);
    }

    private void mark(final long position) {
        StreamVolume volume = null;
        for (int i = 0; i < message.groupCount(); i++) {
            final int number = message.extentVolume(i);
            volume = volume == null || volume.number() != number ? volumes.get(number) : volume;
            if (!volume.everConverged()) {
                stream.unapplied().mark(number, message.extentOffset(i), message.extentLength(i), position);
            }
        }
    }

    private void takeOther(final long position) {
        if (VolumeRecords.isChange(message)) {
            VolumeRecords.take(message, volumes);
            volumesChanged = true;
            if (message.templateId() == VolumeAddedDecoder.TEMPLATE_ID) {
                stream.replicas().get(message.volumeNumber()).announced();
            }
        } else if (message.templateId() == PieceHashesDecoder.TEMPLATE_ID) {
            stream.apply().compareWanted(incarnation, volumes.get(message.volumeNumber()), position);
        } else if (message.templateId() == BarrierDecoder.TEMPLATE_ID) {
            points.incrementRelease();
        }
    }

    private boolean goesDirect() {
        // A newer sender's longer table finds no room without its payload: the journal takes the message as it is.
        if (!message.hasOnlyChunks() || message.dataOffset() > copied.capacity()) {
            return false;
        }
        StreamVolume volume = null;
        for (int i = 0; i < message.groupCount(); i++) {
            final int number = message.extentVolume(i);
            volume = volume == null || volume.number() != number ? volumes.get(number) : volume;
            if (volume.everConverged()
                    || stream.unapplied().isMarked(number, message.extentOffset(i), message.extentLength(i))) {
                return false;
            }
        }
        return true;
    }

    /** The content to the direct batch of the open group, the table into the group. */
    private boolean copy() {
        final int tableLength = message.dataOffset();
        if (!openDirect(tableLength)) {
            return false;
        }
        int at = payload.offset();
        for (int i = 0; i < message.groupCount(); i++) {
            final ReplicaVolume replica = stream.replicas().get(message.extentVolume(i));
            final long length = message.extentLength(i);
            if (message.extentKind(i) == RecordMessage.CHUNK) {
                direct.add(replica, message.extentOffset(i), payload.buffer(), at, (int) length);
                at += (int) length;
            } else {
                direct.addZeros(replica, message.extentOffset(i), length);
            }
            directBytes.getAndAddRelease(length);
        }
        copied.putBytes(0, message.buffer(), message.offset(), tableLength);
        copied.putInt(tableLength - Integer.BYTES, 0);
        append(JournalFrameFlyweight.TYPE_COPIED, copied, 0, tableLength);
        accept(message.length());
        return true;
    }

    /** A direct batch with room, attached to the group that will hold the table. */
    private boolean openDirect(final int tableLength) {
        if (direct != null
                && directGroup == writer.endPosition()
                && !direct.hasRoom(message.groupCount(), message.uncompressedLength())) {
            writer.closeGroup();
        }
        if (!writer.ensureRoom(tableLength)) {
            return false;
        }
        if (direct != null && directGroup == writer.endPosition()) {
            return true;
        }
        direct = directBatches.take();
        if (direct == null) {
            return false;
        }
        directGroup = writer.endPosition();
        writer.attach(direct);
        return true;
    }

    /** The replica of a new or grown volume must be there before the volume is taken; false while it is being opened. */
    private boolean prepareReplica() {
        final StreamVolume wanted = wantedVolume();
        final StreamVolume known = stream.volumes().get(wanted.number());
        if (known != null
                && known.sizeBytes() == wanted.sizeBytes()
                && known.hasUuid(wanted.uuidHigh(), wanted.uuidLow())
                && stream.replicas().get(wanted.number()) != null) {
            return true;
        }
        if (opening == null || !opening.volume().equals(wanted)) {
            final ApplyAgent.OpenReplica request = new ApplyAgent.OpenReplica(stream, wanted, generation);
            opening = applyAgent.offer(request) ? request : null;
            return false;
        }
        if (!opening.isDone()) {
            return false;
        }
        if (opening.refusal() != null) {
            complaint = opening.refusal();
            reason = RejectReason.REPLICA_REFUSED;
        } else {
            stream.replicas().put(wanted.number(), opening.replica());
            if (known == null && !opening.replica().isUntouched()) {
                returned(wanted);
            }
        }
        opening = null;
        return true;
    }

    /**
     * A volume was taken out and in again, or the record of its begin was lost. The journal may hold any of its blocks from
     * before, to be applied later than a chunk that is written now.
     */
    private void returned(final StreamVolume volume) {
        stream.unapplied().mark(volume.number(), 0, volume.sizeBytes(), writer.endPosition());
    }

    private StreamVolume wantedVolume() {
        final StreamVolume known = volumes.get(message.volumeNumber());
        return known != null
                ? known.withSize(message.volumeSize())
                : new StreamVolume(
                        message.volumeNumber(),
                        message.volumeUuidHigh(),
                        message.volumeUuidLow(),
                        message.volumeSize(),
                        message.volumeSectorSize(),
                        message.text(),
                        WriteOrder.UNKNOWN,
                        false);
    }

    /** What was wrong with the last message, or null. */
    String complaint() {
        return complaint;
    }

    /** How to reject the sender of a message with a {@link #complaint()}. */
    RejectReason reason() {
        return reason;
    }

    /** Newest END appended. */
    long endSequence() {
        return endSequence;
    }

    /** Capture position behind that END. */
    long capturePosition() {
        return capturePosition;
    }

    /** True before the first message of the incarnation. */
    boolean isUntouched() {
        return checker.isUntouched();
    }
}
