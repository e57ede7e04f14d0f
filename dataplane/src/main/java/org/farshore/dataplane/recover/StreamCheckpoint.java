package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.journal.IncarnationDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeStates;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.VolumeRecords;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * The file {@value #NAME} of a stream: the state record as of a place C near the end of the journal. A start walks the journal
 * from C only, whatever the window holds; without it a day of journal would be read before the first record is received.
 *
 * <p>C is the end of a frame behind which no record is open, so generation, incarnation, capture position and volumes are
 * those of an END. It is stored each {@value #INTERVAL_MIB} MiB of journal, or five seconds. Not while damage is open, which a
 * walk must find again, and not past a volume that was removed before its last frames are applied, since its replica must
 * be opened for them.
 *
 * <p>Follow thread, but for {@link #load}.
 */
public final class StreamCheckpoint implements AutoCloseable {
    /** Name of the file in the directory of a stream. */
    public static final String NAME = "checkpoint";

    static final int INTERVAL_MIB = 64;

    private static final StateLog LOG = StateLog.of(StreamCheckpoint.class);
    private static final long INTERVAL_LENGTH = (long) INTERVAL_MIB << 20;
    private static final long INTERVAL_NS = 5_000_000_000L;
    private static final int TEMPLATE_OFFSET = MessageHeaderDecoder.templateIdEncodingOffset();
    private static final long NONE = -1;

    private final StateFile file;
    private final StreamState initial;
    private final RecordMessage message = new RecordMessage();
    private final IncarnationDecoder incarnationDecoder = new IncarnationDecoder();
    private final org.farshore.dataplane.codecs.journal.MessageHeaderDecoder messageHeader =
            new org.farshore.dataplane.codecs.journal.MessageHeaderDecoder();
    private final VolumeTable volumes = new VolumeTable();
    private final VolumeTable volumesAtEnd = new VolumeTable();
    private int generation;
    private int incarnation;
    private long captureIdHigh;
    private long captureIdLow;
    private long capturePosition;
    private long endSequence;
    private long position;
    private long cleanPosition;
    private long storedPosition;
    private long storedNs;
    private long removedPosition = NONE;
    private boolean volumesChanged;

    /**
     * Begins where the start has begun to walk.
     *
     * @param file of which {@link #load} was asked.
     * @param walkedFrom what {@link #load} has answered, or the stream's state record.
     */
    StreamCheckpoint(final StateFile file, final StreamState walkedFrom) {
        this.file = file;
        initial = walkedFrom;
        generation = walkedFrom.generation();
        incarnation = walkedFrom.incarnation();
        captureIdHigh = walkedFrom.captureIdHigh();
        captureIdLow = walkedFrom.captureIdLow();
        capturePosition = walkedFrom.appliedCapturePosition();
        endSequence = walkedFrom.appliedSequence();
        position = walkedFrom.appliedPosition();
        storedPosition = position;
        VolumeStates.addTo(walkedFrom, volumes);
        volumesAtEnd.copyFrom(volumes);
    }

    /** The file of a stream's checkpoint. */
    public static StateFile file(final BlockFiles files, final Path directory) {
        return new StateFile(files, directory, NAME);
    }

    /**
     * What is known of the stream at C, as a state record as of there; the state itself when the checkpoint is older, of
     * another journal, or cannot be read: it may always be lost.
     */
    public static StreamState load(final StateFile file, final StreamState state) {
        StreamState stored = null;
        try {
            stored = file.load();
        } catch (final FarshoreException e) {
            LOG.warn("checkpoint", "unreadable", "reason", e.getMessage(), "next", "the whole journal is walked");
        }
        final boolean counts = stored != null
                && stored.machineIdHigh() == state.machineIdHigh()
                && stored.machineIdLow() == state.machineIdLow()
                && stored.segmentLength() == state.segmentLength()
                && stored.generation() >= state.generation()
                && stored.appliedPosition() > state.appliedPosition();
        return counts ? stored.withDurablePosition(Math.max(stored.durablePosition(), state.durablePosition())) : state;
    }

    /** Frames from here on are wanted. */
    long position() {
        return position;
    }

    /** Takes the next durable frame; one below {@link #position} was taken before. */
    void onFrame(
            final long framePosition,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        if (framePosition < position) {
            return;
        }
        position = framePosition + frame.alignedLength();
        generation = frame.generation();
        incarnation = frame.incarnation();
        endSequence = frame.endSequence();
        capturePosition = frame.capturePosition();
        if (frame.type() == JournalFrameFlyweight.TYPE_INCARNATION) {
            incarnationDecoder.wrapAndApplyHeader(buffer, bodyOffset, messageHeader);
            captureIdHigh = incarnationDecoder.captureIdHigh();
            captureIdLow = incarnationDecoder.captureIdLow();
            volumes.copyFrom(volumesAtEnd);
            volumesChanged = false;
            cleanPosition = position;
            return;
        }
        takeVolumeRecord(framePosition, buffer, bodyOffset, bodyLength);
        if (volumesChanged && endSequence >= frame.firstSequence()) {
            volumesAtEnd.copyFrom(volumes);
            volumesChanged = false;
        }
        if (endSequence >= frame.firstSequence() + frame.recordCount() - 1) {
            cleanPosition = position;
        }
    }

    private void takeVolumeRecord(
            final long framePosition, final DirectBuffer buffer, final int bodyOffset, final int bodyLength) {
        final int template = buffer.getShort(bodyOffset + TEMPLATE_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
        if (template == WriteBatchDecoder.TEMPLATE_ID
                || message.wrap(buffer, bodyOffset, bodyLength) != null
                || VolumeRecords.check(message, volumes) != null
                || !VolumeRecords.isChange(message)) {
            return;
        }
        final int count = volumes.size();
        VolumeRecords.take(message, volumes);
        volumesChanged = true;
        removedPosition = volumes.size() < count ? framePosition : removedPosition;
    }

    /**
     * Stores when it is due and nothing is open here.
     *
     * @param horizon of the base copies, synced.
     * @param durablePosition of the journal.
     * @return work done.
     * @throws FarshoreException STORAGE when a disk failed.
     */
    int storeIfDue(final long nowNs, final long horizon, final long durablePosition) {
        final long behind = position - storedPosition;
        if (behind == 0
                || cleanPosition != position
                || removedPosition >= horizon
                || (behind < INTERVAL_LENGTH && nowNs - storedNs < INTERVAL_NS)) {
            return 0;
        }
        storedPosition = position;
        storedNs = nowNs;
        file.store(new StreamState(
                initial.machineIdHigh(),
                initial.machineIdLow(),
                initial.segmentLength(),
                generation,
                incarnation,
                captureIdHigh,
                captureIdLow,
                position,
                position,
                position,
                endSequence,
                capturePosition,
                durablePosition,
                VolumeStates.of(volumesAtEnd)));
        return 1;
    }

    @Override
    public void close() {
        file.close();
    }
}
