package org.farshore.dataplane.failover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.agrona.BufferUtil;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.recover.OverlayDrain;
import org.farshore.dataplane.recover.VersionCopy;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * A commit under way: makes the replica volumes the disk that a failover's view shows, while the view is read and written.
 *
 * <pre>
 *   FLATTENING  versions up to the point ──► replica, synced      again from the start of a stretch: the same bytes
 *   DRAINING    overlay ──► replica, range by range               what is left in the overlay is still to do
 *   EMPTYING    journal, versions and points are given up         done again it changes nothing
 *   COMMITTED
 * </pre>
 *
 * <p>Each phase is stored before its first change. While FLATTENING the replica holds a mixture of moments, none of which
 * anybody reads: the view takes every changed block from the journal. When that is over, the view looks into the journal no
 * more, and only then an overlay's block may reach the replica, where a version would hide it.
 *
 * <p>Failover thread; steps are bounded by 1 MiB copied or one sync.
 */
final class Promotion {
    private static final int STEP_LENGTH = 1 << 20;
    /** Copied again at most after a stop, and synced at once. */
    private static final long SYNC_LENGTH = 256L << 20;

    private final MachineFailover machine;
    private final OpenView view;
    private final ByteBuffer buffer = BufferUtil.allocateDirectAligned(STEP_LENGTH, 4096);
    private VersionCopy copy;
    private OverlayDrain drain;
    private int part;
    private long offset;
    private long syncedOffset;
    private long doneBytes;

    Promotion(final MachineFailover machine, final OpenView view) {
        this.machine = machine;
        this.view = view;
        if (machine.record().phase() == FailoverPhase.FLATTENING) {
            part = machine.record().flattenedVolumes();
            offset = machine.record().flattenedBytes();
            syncedOffset = offset;
            for (int i = 0; i < part; i++) {
                doneBytes += sizeOf(i);
            }
            doneBytes += offset;
        }
    }

    private long sizeOf(final int index) {
        return view.parts().get(index).volume.at().sizeBytes();
    }

    /** Opens the replicas for writing; what is left to do behind DRAINING needs none. */
    void open() throws IOException {
        final FailoverPhase phase = machine.record().phase();
        if (phase != FailoverPhase.FLATTENING && phase != FailoverPhase.DRAINING) {
            return;
        }
        for (final OpenView.Part one : view.parts()) {
            if (one.base == null) {
                one.base = machine.stream()
                        .openBase(one.volume.at().uuid(), one.volume.at().sizeBytes());
            }
            if (phase == FailoverPhase.DRAINING) {
                one.view.useBaseAlone();
            }
        }
    }

    /** What is being done, for people. */
    String stage() {
        return switch (machine.record().phase()) {
            case FLATTENING -> "bringing versions into the replica";
            case DRAINING -> "bringing the view's own writes into the replica";
            case EMPTYING -> "emptying the journal";
            default -> "";
        };
    }

    long doneBytes() {
        return drain == null ? doneBytes : doneBytes + drain.position();
    }

    long totalBytes() {
        long total = 0;
        for (int i = 0; i < view.parts().size(); i++) {
            total += sizeOf(i);
        }
        return total;
    }

    /**
     * One step.
     *
     * @return true when the commit is done, durably.
     * @throws IOException nothing is lost; the commit stands still and goes on when it is asked for again.
     */
    boolean step() throws IOException {
        switch (machine.record().phase()) {
            case FLATTENING -> flatten();
            case DRAINING -> drain();
            case EMPTYING -> empty();
            default -> {
                return true;
            }
        }
        return machine.record().phase() == FailoverPhase.COMMITTED;
    }

    private void flatten() throws IOException {
        final List<OpenView.Part> parts = view.parts();
        if (part == parts.size()) {
            parts.forEach(one -> one.view.useBaseAlone());
            enter(FailoverPhase.DRAINING);
            return;
        }
        if (!machine.stream().isRetireHalted()) {
            return;
        }
        final OpenView.Part one = parts.get(part);
        if (copy == null) {
            copy = new VersionCopy(one.view, one.base);
        }
        final int length = (int) Math.min(STEP_LENGTH, sizeOf(part) - offset);
        copy.copy(offset, length, buffer);
        offset += length;
        doneBytes += length;
        if (offset == sizeOf(part)) {
            endPart(one.base);
        } else if (offset - syncedOffset >= SYNC_LENGTH) {
            sync(one.base);
            syncedOffset = offset;
            machine.store(machine.record().flattening(machine.record().floor(), part, offset));
        }
    }

    /** After a failed sync everything since the last good one is written again (F11). */
    private static void sync(final BlockFile base) throws IOException {
        try {
            base.sync();
        } catch (final IOException e) {
            base.forgetCached();
            throw e;
        }
    }

    private void endPart(final BlockFile base) throws IOException {
        sync(base);
        copy.close();
        copy = null;
        part++;
        offset = 0;
        syncedOffset = 0;
        machine.store(machine.record().flattening(machine.record().floor(), part, 0));
    }

    private void enter(final FailoverPhase phase) {
        machine.store(machine.record().to(phase));
        part = 0;
        offset = 0;
        doneBytes = 0;
    }

    private void drain() throws ViewException {
        if (part == view.parts().size()) {
            enter(FailoverPhase.EMPTYING);
            return;
        }
        final OpenView.Part one = view.parts().get(part);
        if (drain == null) {
            drain = new OverlayDrain(one.view, one.base);
        }
        if (drain.step()) {
            drain = null;
            doneBytes += sizeOf(part);
            part++;
        }
    }

    private void empty() {
        if (machine.stream().isEmptied()) {
            enter(FailoverPhase.COMMITTED);
        }
    }

    /** Lets go of what it reads with; the view and the replicas stay open. */
    void close() {
        if (copy != null) {
            copy.close();
            copy = null;
        }
    }
}
