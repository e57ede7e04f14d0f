package org.farshore.agent.stream;

import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.agent.capture.CaptureHandler;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.ship.SenderLink;

/**
 * Takes the capture ring and makes the ordered stream of it: records in ring order, as many in one batch as there are and
 * as fit, encoded straight from the ring's memory into the network's.
 *
 * <h2>Positions in the ring</h2>
 * <pre>
 *   released  &lt;=  taken  &lt;=  accounted  &lt;=  producer
 *
 *   released   free: acknowledged durable, or its blocks are in pinned bits
 *   taken      in this connection's stream, or in the table that is sent next
 *   accounted  told to the read-back rule; never told twice
 *   producer   written by the kernel
 * </pre>
 * A new connection takes the ring again from where the receiver says; until {@code taken} has caught up with
 * {@code accounted} the stream is older than what the rule knows, so that nothing is read, cut or called converged.
 *
 * <h2>END</h2>
 * A bio may lie in the ring in pieces, and pieces of several bios may alternate. A record behind which no bio is open is
 * an END; the receiver's durable position, and with it the ring's consumer position, moves only there.
 *
 * <h2>Every END of an ordered volume is a cut</h2>
 * Whatever was lost before a record of the batch was written has moved the gap epoch before the agent could take that
 * record. So a batch with an END goes out only after a look at the epoch that was taken behind its records, and after
 * every turn that is to be told. What is lost later, or at the same moment, was in flight at the END.
 *
 * <p>One thread.
 */
public final class CaptureStream implements CaptureHandler {
    /** Most records taken in one duty cycle. */
    private static final int RECORDS_PER_CYCLE = 4096;
    /** Most batches sent in one duty cycle. */
    private static final int BATCHES_PER_CYCLE = 8;

    private final CaptureSource source;
    private final ProtectedVolume[] volumes;
    private final RecordWriter writer;
    private final SentRecords sent;
    private final ExtentTable table = new ExtentTable();
    private final AtomicCounter capturedBytes;
    private final AtomicCounter capturedRecords;
    private final AtomicCounter sentPayloadBytes;
    private final BooleanSupplier turnPending;

    private long taken;
    private long accounted;
    private int openBios;
    private boolean draining;
    private boolean tableIsFull;

    /**
     * A stream that sends nothing yet.
     *
     * @param volumes by number in the stream; null where there is none.
     * @param turnPending true when the receiver must be told of a volume's turn before the next END.
     */
    public CaptureStream(
            final CaptureSource source,
            final ProtectedVolume[] volumes,
            final RecordWriter writer,
            final SentRecords sent,
            final AtomicCounter capturedBytes,
            final AtomicCounter capturedRecords,
            final AtomicCounter sentPayloadBytes,
            final BooleanSupplier turnPending) {
        this.source = source;
        this.volumes = volumes;
        this.writer = writer;
        this.sent = sent;
        this.capturedBytes = capturedBytes;
        this.capturedRecords = capturedRecords;
        this.sentPayloadBytes = sentPayloadBytes;
        this.turnPending = turnPending;
        taken = source.consumerPosition();
        accounted = taken;
    }

    /** A connection begins: the ring is taken from {@code position}, which lies behind an END. */
    public void begin(
            final SenderLink link,
            final int generation,
            final int incarnation,
            final long nextSequence,
            final long position) {
        writer.begin(link, generation, incarnation, nextSequence, position);
        table.clear();
        taken = position;
        accounted = Math.max(accounted, position);
        openBios = 0;
        draining = true;
        drained();
    }

    /** The connection is gone. */
    public void end() {
        writer.end();
        table.clear();
    }

    /** A gap or a restart is pending: every position matters until the ring is taken past it. */
    public void drain() {
        draining = true;
        drained();
    }

    /** Takes records up to {@code limitPosition} and sends them; returns how many were taken. */
    public int take(final long limitPosition) {
        int records = 0;
        for (int batch = 0; batch < BATCHES_PER_CYCLE && records < RECORDS_PER_CYCLE; batch++) {
            tableIsFull = false;
            while (records < RECORDS_PER_CYCLE) {
                final long next = source.take(this, taken, limitPosition, 1);
                if (next == taken) {
                    break;
                }
                advance(next);
                records++;
            }
            if (!flush() || !tableIsFull) {
                break;
            }
        }
        return records;
    }

    /** Sends what was taken; true when nothing is left to send. */
    public boolean flush() {
        if (table.isEmpty()) {
            return true;
        }
        if (table.hasEnd() && turnPending.getAsBoolean()) {
            return false;
        }
        final int payloadLength = table.payloadLength();
        final long timeNs = table.timeNs();
        final long cutTimeNs = table.hasEnd() && isAnyOrdered() ? table.endTimeNs() : SentRecords.NO_CUT;
        if (!sent.hasRoom(1) || !table.flush(writer)) {
            return false;
        }
        sent.addWrites(writer.lastSequence(), timeNs, cutTimeNs, payloadLength);
        sentPayloadBytes.getAndAddRelease(payloadLength);
        return true;
    }

    /** How far the ring is in the stream. */
    public long takenPosition() {
        return taken;
    }

    /** True when the stream holds everything that the read-back rule was told. */
    public boolean isCaughtUp() {
        return taken >= accounted;
    }

    /** True when no bio is open and nothing that was taken is still to be sent. */
    public boolean isAtEnd() {
        return openBios == 0 && table.isEmpty();
    }

    /** True when records were taken and could not be sent. */
    public boolean isHeld() {
        return !table.isEmpty();
    }

    @Override
    public boolean onSubmit(
            final int volume,
            final long offset,
            final int length,
            final boolean first,
            final boolean last,
            final long timeNs,
            final DirectBuffer payload,
            final int payloadOffset) {
        final ProtectedVolume target = volume < volumes.length ? volumes[volume] : null;
        if (target != null && !target.isStopped()) {
            if (offset + length > target.writableBytes()) {
                target.wantSizeCheck();
                return false;
            }
            if (table.payloadRoom() < length) {
                tableIsFull = true;
                return false;
            }
            table.add(ExtentKind.WRITE, volume, offset, length, timeNs, payload, payloadOffset);
            if (isNew()) {
                target.readBack().onSubmit(offset, length, timeNs);
                capturedBytes.getAndAddRelease(length);
                capturedRecords.getAndAddRelease(last ? 1 : 0);
            }
        }
        if (first != last) {
            openBios = Math.max(0, openBios + (first ? 1 : -1));
        }
        return true;
    }

    @Override
    public boolean onComplete(
            final int volume, final long offset, final long length, final int error, final long timeNs) {
        final ProtectedVolume target = volume < volumes.length ? volumes[volume] : null;
        if (target != null && !target.isStopped() && isNew()) {
            target.readBack().onComplete(offset, length, error);
        }
        return true;
    }

    @Override
    public boolean onZeroed(
            final int volume, final long offset, final long length, final boolean discard, final long timeNs) {
        final ProtectedVolume target = volume < volumes.length ? volumes[volume] : null;
        if (target == null || target.isStopped()) {
            return true;
        }
        if (offset + length > target.writableBytes()) {
            target.wantSizeCheck();
            return false;
        }
        if (!table.hasRoom()) {
            tableIsFull = true;
            return false;
        }
        table.add(discard ? ExtentKind.DISCARD : ExtentKind.ZERO, volume, offset, length, timeNs, null, 0);
        if (isNew()) {
            target.readBack().onZeroed(offset, length);
            capturedRecords.incrementRelease();
        }
        return true;
    }

    /** True while the record being taken was not told to the read-back rule yet. */
    private boolean isNew() {
        return taken >= accounted;
    }

    private boolean isAnyOrdered() {
        for (final ProtectedVolume volume : volumes) {
            if (volume != null && volume.isOrdered()) {
                return true;
            }
        }
        return false;
    }

    private void advance(final long next) {
        taken = next;
        if (openBios == 0 && !table.isEmpty()) {
            table.markEnd();
            table.endPosition(next);
        }
        if (next > accounted) {
            accounted = next;
        }
        if (draining) {
            drained();
        }
    }

    private void drained() {
        boolean pending = false;
        for (final ProtectedVolume volume : volumes) {
            if (volume != null) {
                volume.readBack().takenTo(taken);
                pending |= !volume.readBack().mayRead();
            }
        }
        draining = pending;
    }
}
