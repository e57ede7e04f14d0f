package org.farshore.dataplane.retire;

import java.io.IOException;
import java.util.ArrayList;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2IntHashMap;
import org.agrona.collections.Int2ObjectHashMap;
import org.farshore.dataplane.codecs.journal.IncarnationDecoder;
import org.farshore.dataplane.codecs.journal.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.PieceHashesDecoder;
import org.farshore.dataplane.codecs.replication.VolumeAddedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeRemovedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeStates;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.BatchPayload;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.VolumeRecords;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * Takes the frames of one stream, in order, into a batch.
 *
 * <h2>What is void</h2>
 * A record behind the newest END is not yet anybody's state: the write that it is a piece of may never be completed. When
 * the connection ends there, the next incarnation numbers from END + 1 and the pieces are void. So a frame is applied up
 * to the newest END that it names itself; what lies behind is the <em>tail</em>, of which only the position is kept.
 * Then either a later frame of the same incarnation names a newer END: reading goes back to the tail and applies up to
 * that END. Or an INCARNATION frame comes: the tail is forgotten. While a tail is open, the applied position stays at
 * its first frame, so that after a crash the same frames are read again; records up to {@link #sequence()} are skipped.
 *
 * <p>Apply thread.
 */
final class FrameGatherer implements JournalFrameHandler {
    /** Why gathering paused. */
    enum Pause {
        /** It has not: more frames may come. */
        NONE,
        /** The batch must be written before the next frame. */
        FULL,
        /** A tail became valid: read again from {@link #rewindPosition()}. */
        REWIND,
        /** A compare message was taken: run the comparer, then go on. */
        COMPARE
    }

    private static final long NO_POSITION = -1;

    private final ApplyBatch batch;
    private final PieceComparer comparer;
    private final BatchPayload payload;
    private final RecordMessage message = new RecordMessage();
    private final IncarnationDecoder incarnationDecoder = new IncarnationDecoder();
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final VolumeTable volumes = new VolumeTable();
    private final ArrayList<ReplicaVolume> replicas = new ArrayList<>();
    private final Int2IntHashMap replicaByNumber = new Int2IntHashMap(-1);
    private final Int2ObjectHashMap<StreamVolume> announced = new Int2ObjectHashMap<>();
    private long sequence;
    private long capturePosition;
    private long captureIdHigh;
    private long captureIdLow;
    private int generation;
    private int incarnation;
    private int openIncarnation;
    private long tailPosition = NO_POSITION;
    private long tailEnd;
    private long resolvedPosition = NO_POSITION;
    private long resolvedEnd;
    private long frameCount;
    private long comparePosition = NO_POSITION;
    private long comparedPosition = NO_POSITION;
    private boolean lenient;
    private Pause pause = Pause.NONE;

    FrameGatherer(final ApplyBatch batch, final PieceComparer comparer, final BatchPayload payload) {
        this.batch = batch;
        this.comparer = comparer;
        this.payload = payload;
    }

    /** Stands where an earlier life of the process has stored, or this one, when what it took since could not be written. */
    void restore(final StreamState stored) {
        generation = stored.generation();
        incarnation = stored.incarnation();
        captureIdHigh = stored.captureIdHigh();
        captureIdLow = stored.captureIdLow();
        sequence = stored.appliedSequence();
        capturePosition = stored.appliedCapturePosition();
        lenient |= stored.journalLost();
        tailPosition = NO_POSITION;
        resolvedPosition = NO_POSITION;
        volumes.clear();
        VolumeStates.addTo(stored, volumes);
        replicaByNumber.clear();
        for (final StreamVolume volume : volumes.all()) {
            for (int i = 0; i < replicas.size(); i++) {
                if (replicas.get(i).hasUuid(volume.uuidHigh(), volume.uuidLow())) {
                    replicaByNumber.put(volume.number(), i);
                }
            }
        }
    }

    /** The compare message that gathering paused for was answered; it is not answered twice when frames are taken again. */
    void compared() {
        comparedPosition = comparePosition;
    }

    /**
     * Damaged journal is left out: a record of a new or longer volume may be lost with it. What follows was checked when it
     * was received, so it says itself what was lost; else every later write of that volume would be left out, while the
     * version index has them all and a comparison finds nothing. What fits nothing all the same is left out.
     */
    void beLenient() {
        lenient = true;
    }

    /** True once damaged journal was left out, in this life or an earlier one. */
    boolean isLenient() {
        return lenient;
    }

    /** A replica that is open: a volume with its random id is written there. */
    void addReplica(final ReplicaVolume replica) {
        if (replicas.size() == WriteArena.REPLICAS_MAX) {
            throw new FarshoreException(
                    ExitCode.INVARIANT, "more than " + WriteArena.REPLICAS_MAX + " replicas of one machine");
        }
        replicas.add(replica);
    }

    /** A volume is or will be in the stream; its replica is open. */
    void announce(final StreamVolume volume) {
        announced.put(volume.number(), volume);
        final StreamVolume applied = volumes.get(volume.number());
        if (applied != null && applied.hasUuid(volume.uuidHigh(), volume.uuidLow())) {
            replicaByNumber.put(volume.number(), replicaOf(volume));
        }
    }

    /** Begins or goes on with a batch; {@code connected} is the incarnation whose sender waits for answers. */
    void gather(final int connected) {
        openIncarnation = connected;
        pause = Pause.NONE;
    }

    @Override
    public boolean onFrame(
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        if (pause != Pause.NONE) {
            return false;
        }
        if (frame.type() == JournalFrameFlyweight.TYPE_INCARNATION) {
            onIncarnation(frame, buffer, bodyOffset);
            return true;
        }
        if (tailPosition != NO_POSITION) {
            return passTail(position, frame);
        }
        final String complaint = frame.type() == JournalFrameFlyweight.TYPE_COPIED
                ? message.wrapWithoutPayload(buffer, bodyOffset, bodyLength)
                : message.wrap(buffer, bodyOffset, bodyLength);
        if (complaint != null) {
            throw broken(position, complaint);
        }
        final long end = position < resolvedPosition ? resolvedEnd : frame.endSequence();
        return take(position, frame, end);
    }

    private void onIncarnation(final JournalFrameFlyweight frame, final DirectBuffer buffer, final int bodyOffset) {
        incarnationDecoder.wrapAndApplyHeader(buffer, bodyOffset, messageHeader);
        tailPosition = NO_POSITION;
        generation = frame.generation();
        incarnation = frame.incarnation();
        captureIdHigh = incarnationDecoder.captureIdHigh();
        captureIdLow = incarnationDecoder.captureIdLow();
        capturePosition = incarnationDecoder.capturePosition();
        frameCount++;
    }

    private boolean passTail(final long position, final JournalFrameFlyweight frame) {
        if (frame.endSequence() <= tailEnd) {
            return true;
        }
        resolvedPosition = position;
        resolvedEnd = frame.endSequence();
        pause = Pause.REWIND;
        return false;
    }

    private boolean take(final long position, final JournalFrameFlyweight frame, final long end) {
        final long last = message.lastSequence();
        boolean fits = VolumeRecords.check(message, volumes) == null;
        if (!fits && lenient) {
            recallLostVolumes();
            fits = VolumeRecords.check(message, volumes) == null;
        }
        if (!fits && !lenient && last > sequence && message.firstSequence() <= end) {
            throw broken(position, VolumeRecords.check(message, volumes));
        }
        if (fits && last > sequence && message.firstSequence() <= end && !takeRecords(position, frame, end)) {
            pause = pause == Pause.NONE ? Pause.FULL : pause;
            return false;
        }
        if (Math.min(last, end) > sequence) {
            sequence = Math.min(last, end);
        }
        if (frame.endSequence() <= sequence) {
            capturePosition = frame.capturePosition();
        }
        if (last > end) {
            tailPosition = position;
            tailEnd = end;
        }
        frameCount++;
        return true;
    }

    private void recallLostVolumes() {
        switch (message.templateId()) {
            case WriteBatchDecoder.TEMPLATE_ID:
                for (int i = 0; i < message.groupCount(); i++) {
                    recallLost(message.extentVolume(i), message.extentOffset(i) + message.extentLength(i));
                }
                break;
            case VolumeResizedDecoder.TEMPLATE_ID:
            case VolumeStateDecoder.TEMPLATE_ID:
                recallLost(message.volumeNumber(), 0);
                break;
            default:
                break;
        }
    }

    private void recallLost(final int number, final long end) {
        StreamVolume volume = volumes.get(number);
        if (volume == null && announced.containsKey(number)) {
            volume = announced.get(number).withState(WriteOrder.CONVERGING);
            volumes.put(volume);
            replicaByNumber.put(number, replicaOf(volume));
        }
        if (volume != null && end > volume.sizeBytes()) {
            volumes.put(volume.withSize(end));
            grow(replicaOf(volume), end);
        }
    }

    /** Takes the records of a frame up to {@code end}; false when the batch must be written first. */
    private boolean takeRecords(final long position, final JournalFrameFlyweight frame, final long end) {
        switch (message.templateId()) {
            case WriteBatchDecoder.TEMPLATE_ID:
                return frame.type() == JournalFrameFlyweight.TYPE_COPIED || takeBatch(end);
            case PieceHashesDecoder.TEMPLATE_ID:
                return takeCompare(position);
            case VolumeAddedDecoder.TEMPLATE_ID:
            case VolumeResizedDecoder.TEMPLATE_ID:
            case VolumeRemovedDecoder.TEMPLATE_ID:
            default:
                takeVolumeChange();
                return true;
        }
    }

    private boolean takeBatch(final long end) {
        if (!batch.hasRoomFor(message)) {
            return false;
        }
        final String complaint = payload.open(message);
        if (complaint != null) {
            throw new FarshoreException(ExitCode.INVARIANT, "sequence " + message.firstSequence() + ": " + complaint);
        }
        long record = message.firstSequence() - 1;
        int at = payload.offset();
        for (int i = 0; i < message.groupCount(); i++) {
            record += message.extentContinues(i) ? 0 : 1;
            final int kind = message.extentKind(i);
            final long length = message.extentLength(i);
            final boolean carries = RecordMessage.carriesPayload(kind);
            if (record > sequence && record <= end) {
                final int replica = replicaByNumber.get(message.extentVolume(i));
                if (carries) {
                    batch.write(replica, message.extentOffset(i), payload.buffer(), at, (int) length);
                } else {
                    batch.zero(replica, kind, message.extentOffset(i), length);
                }
            }
            at += carries ? (int) length : 0;
        }
        return true;
    }

    private boolean takeCompare(final long position) {
        if (message.incarnation() != openIncarnation || position <= comparedPosition) {
            return true;
        }
        if (!batch.isEmpty()) {
            return false;
        }
        final StreamVolume volume = volumes.get(message.volumeNumber());
        comparer.begin(message, replicas.get(replicaByNumber.get(volume.number()))::read, volume.sizeBytes());
        comparePosition = position;
        pause = Pause.COMPARE;
        return true;
    }

    private void takeVolumeChange() {
        VolumeRecords.take(message, volumes);
        if (!VolumeRecords.isChange(message)) {
            return;
        }
        final int number = message.volumeNumber();
        final StreamVolume volume = volumes.get(number);
        if (volume == null) {
            replicaByNumber.remove(number);
            return;
        }
        final int index = replicaOf(volume);
        replicaByNumber.put(number, index);
        grow(index, volume.sizeBytes());
    }

    private void grow(final int replica, final long sizeBytes) {
        try {
            replicas.get(replica).grow(sizeBytes);
        } catch (final IOException | ReplicaRefusedException e) {
            throw new FarshoreException(ExitCode.STORAGE, e.getMessage(), e);
        }
    }

    private int replicaOf(final StreamVolume volume) {
        for (int i = 0; i < replicas.size(); i++) {
            if (replicas.get(i).hasUuid(volume.uuidHigh(), volume.uuidLow())) {
                return i;
            }
        }
        throw new FarshoreException(ExitCode.INVARIANT, "volume " + volume.name() + " has no replica open");
    }

    private static FarshoreException broken(final long position, final String complaint) {
        return new FarshoreException(
                ExitCode.INVARIANT,
                "journal frame at " + position + " was checked when it was received, now: " + complaint);
    }

    /** Where to read again after {@link Pause#REWIND}; the tail is then being applied. */
    long rewindPosition() {
        final long position = tailPosition;
        tailPosition = NO_POSITION;
        return position;
    }

    Pause pause() {
        return pause;
    }

    /** The position from which a new process must read: the tail's, or where reading stands. */
    long safePosition(final long readPosition) {
        return tailPosition == NO_POSITION ? readPosition : tailPosition;
    }

    /** Replicas by their index in the batch. */
    ArrayList<ReplicaVolume> replicas() {
        return replicas;
    }

    VolumeTable volumes() {
        return volumes;
    }

    /** Newest sequence taken. */
    long sequence() {
        return sequence;
    }

    long capturePosition() {
        return capturePosition;
    }

    long captureIdHigh() {
        return captureIdHigh;
    }

    long captureIdLow() {
        return captureIdLow;
    }

    int generation() {
        return generation;
    }

    int incarnation() {
        return incarnation;
    }

    /** Frames taken since the process began. */
    long frameCount() {
        return frameCount;
    }
}
