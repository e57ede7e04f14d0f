package org.farshore.dataplane.failover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.retire.StreamFence;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordFile;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.StateLog;

/**
 * Who owns the disks of one machine.
 *
 * <pre>
 *                  fence                failOver                 commit
 *   REPLICATING ──────────► FENCED ───────────────► FAILED_OVER ────────► FLATTENING ► DRAINING ► EMPTYING ► COMMITTED
 *        ▲                     │                    │  ▲    │                                                    │
 *        │                     │                    └──┘    │ changePoint keeps the phase                        │
 *        └───────── cancel ────┴────────────────────────────┘                                          closed ───┘
 * </pre>
 *
 * <p>The record says so durably before anything follows from it. Fencing comes first: a view is opened only when the source
 * is refused, its connection has ended, and all that it sent is durable. Nothing is brought into the replicas while the
 * source is fenced, since a view stands on them.
 *
 * <p>Failover thread.
 */
final class MachineFailover {
    private static final StateLog LOG = StateLog.of(MachineFailover.class);

    private final MachineStream stream;
    private final Path directory;
    private final RecordFile file;
    private final FailoverContext context;
    private final MachineViews views;
    private final AtomicCounter phaseCounter;
    private final AtomicCounter viewCounter;
    private FailoverRecord record;
    private Promotion promotion;
    private String complaint = "";

    MachineFailover(final FailoverContext context, final MachineStream stream) {
        this.context = context;
        this.stream = stream;
        this.directory = context.dataDirectory().resolve(stream.machine());
        this.file = FailoverRecord.newFile(context.files());
        this.views = new MachineViews(context, stream, file);
        phaseCounter = context.counters().newCounter(ReplicationCounter.FAILOVER_PHASE, stream.machine());
        viewCounter = context.counters().newCounter(ReplicationCounter.VIEWS, stream.machine());
        record = FailoverRecord.load(file, directory);
        show();
    }

    /** After a start, before the source is listened to: everything is as it was. */
    void restore() {
        if (record.generation() > 0) {
            applyFence();
        }
        stream.haltRetire(record.isFenced());
        if (record.isCommitting() && !stream.raiseFloor(record.floor())) {
            throw new FarshoreException(
                    ExitCode.INVARIANT,
                    "machine " + stream.machine() + " is being committed at " + record.floor()
                            + " and a moment below is held by " + stream.holders());
        }
        try {
            views.load(record.viewId());
            for (final OpenView view : List.copyOf(views.all())) {
                restore(view);
            }
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE, "cannot bring the views of " + stream.machine() + " back: " + e.getMessage(), e);
        }
        show();
    }

    private void restore(final OpenView view) throws IOException {
        final boolean isDisk = view.record().id().equals(record.viewId());
        if (isDisk && (record.phase() == FailoverPhase.EMPTYING || record.phase() == FailoverPhase.COMMITTED)) {
            // Nothing but the replica is the disk; the journal, and so the moment, may be gone.
            view.serveReplicas(stream, context.exports());
        } else {
            views.reopen(view);
        }
        if (isDisk && record.isCommitting() && view.complaint().isEmpty()) {
            promote(view);
        }
    }

    MachineStream stream() {
        return stream;
    }

    FailoverRecord record() {
        return record;
    }

    /** Stores what is to be from now on. */
    void store(final FailoverRecord next) {
        next.store(file, directory, stream.machineIdHigh(), stream.machineIdLow());
        if (next.phase() != record.phase()) {
            LOG.info(
                    "failover",
                    stream.machine(),
                    "from",
                    record.phase(),
                    "to",
                    next.phase(),
                    "generation",
                    next.generation(),
                    "view",
                    next.viewId());
        }
        final boolean isOther = next.phase() != record.phase();
        record = next;
        if (isOther) {
            applyFence();
        }
        show();
    }

    private void show() {
        phaseCounter.setRelease(record.phase().value());
        viewCounter.setRelease(views.all().size());
    }

    private void applyFence() {
        final String refusal = record.isFenced()
                ? "machine " + stream.machine() + " has failed over: this master target holds generation "
                        + record.generation() + " and takes nothing from the source until the failover is cancelled"
                : null;
        stream.fence().set(new StreamFence.Rule(record.generation(), record.acceptFrom(), refusal, false));
    }

    /** Opens a view that changes nothing about who owns the disks. */
    ViewReport open(final RecoveryPoint point, final Collection<UUID> volumes, final ViewPurpose purpose) {
        if (record.isCommitting()) {
            throw new FarshoreException(
                    ExitCode.NO, "machine " + stream.machine() + " is committed, or being so: its points are given up");
        }
        final OpenView view = views.make(point, volumes, purpose);
        views.serve(view);
        show();
        return view.report(stream.machine(), context.exports());
    }

    /** Closes a view; returns only when nothing of it is left. */
    void close(final String id) {
        final OpenView view = views.find(id);
        final boolean isDisk = id.equals(record.viewId());
        if (isDisk && record.phase() != FailoverPhase.COMMITTED) {
            throw new FarshoreException(
                    ExitCode.NO,
                    "view " + id + " is the disk of machine " + stream.machine()
                            + " since its failover: farshore commit or farshore failover cancel");
        }
        views.unserve(view);
        if (isDisk) {
            storeWithout(view, record.replicating());
            stream.haltRetire(false);
        }
        views.remove(view);
        show();
    }

    /** Files, exports and held moments that are left of a view that was closed. */
    List<String> residue(final ViewReport view) {
        return views.residue(view);
    }

    /** Refuses the source from now on, durably; wait until {@link StreamFence#isObeyed} before the next step. */
    int fence() {
        if (record.phase() == FailoverPhase.REPLICATING) {
            store(record.fenced(heldGeneration()));
            stream.haltRetire(true);
        } else if (record.phase() != FailoverPhase.FENCED) {
            throw new FarshoreException(
                    ExitCode.NO,
                    "machine " + stream.machine() + " has failed over already, to view " + record.viewId()
                            + ": farshore failover change-point, commit or cancel");
        }
        return record.generation();
    }

    private int heldGeneration() {
        final StreamFence.Held held = stream.fence().held();
        return held == null ? 1 : held.generation();
    }

    /** Makes a view of the point the disk. */
    ViewReport failOver(final RecoveryPoint point) {
        if (record.phase() != FailoverPhase.FENCED || !stream.fence().isObeyed()) {
            throw new FarshoreException(
                    ExitCode.NO, "the source of machine " + stream.machine() + " is not fenced: " + record.phase());
        }
        final OpenView view = views.make(point, List.of(), ViewPurpose.FAILOVER);
        becomesDisk(view);
        return view.report(stream.machine(), context.exports());
    }

    private void becomesDisk(final OpenView view) {
        try {
            store(record.failedOver(view.record().id()));
        } catch (final FarshoreException e) {
            views.remove(view);
            throw e;
        }
        views.serve(view);
    }

    /** Stores what ends the use of a view that is served no more; where that fails it is the disk still, and served. */
    private void storeWithout(final OpenView view, final FailoverRecord next) {
        try {
            store(next);
        } catch (final FarshoreException e) {
            serveAgain(view);
            throw e;
        }
    }

    private void serveAgain(final OpenView view) {
        try {
            view.serveAgain(stream, context.exports());
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "cannot serve view " + view.record().id() + " again, which is the disk of machine "
                            + stream.machine() + ": " + e.getMessage() + "; start the role again",
                    e);
        }
    }

    /** Makes a view of another point the disk; what was written to the one before is lost. */
    ViewReport changePoint(final RecoveryPoint point) {
        if (record.phase() != FailoverPhase.FAILED_OVER) {
            throw new FarshoreException(
                    ExitCode.NO,
                    "the point of machine " + stream.machine() + " cannot be changed: "
                            + (record.isCommitting() ? "it was committed" : "it has not failed over"));
        }
        final OpenView old = views.findOrNull(record.viewId());
        final OpenView view = views.make(point, List.of(), ViewPurpose.FAILOVER);
        try {
            if (old != null) {
                views.unserve(old);
            }
        } catch (final FarshoreException e) {
            views.remove(view);
            throw e;
        }
        try {
            becomesDisk(view);
        } catch (final FarshoreException e) {
            if (old != null) {
                serveAgain(old);
            }
            throw e;
        }
        if (old != null) {
            views.remove(old);
        }
        show();
        return view.report(stream.machine(), context.exports());
    }

    /** Gives the disks back to the source; what was written to the view is lost. */
    int cancel() {
        if (!record.isRevocable()) {
            throw new FarshoreException(
                    ExitCode.NO,
                    "there is no failover of machine " + stream.machine() + " that could be cancelled"
                            + (record.isCommitting() ? ": it was committed" : ""));
        }
        final OpenView view = views.findOrNull(record.viewId());
        if (view == null) {
            store(record.replicating());
        } else {
            views.unserve(view);
            storeWithout(view, record.replicating());
        }
        stream.haltRetire(false);
        if (view != null) {
            views.remove(view);
        }
        show();
        return record.generation();
    }

    /** Begins a commit, or lets one go on that stands still. */
    FailoverReport commit() {
        if (record.phase() == FailoverPhase.COMMITTED || promotion != null) {
            return report();
        }
        if (!record.isCommitting()) {
            beginCommit();
        }
        final OpenView view = views.find(record.viewId());
        if (!view.complaint().isEmpty()) {
            throw new FarshoreException(ExitCode.STORAGE, "the view is not usable: " + view.complaint());
        }
        try {
            promote(view);
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot open a replica volume: " + e.getMessage(), e);
        }
        return report();
    }

    private void beginCommit() {
        if (record.phase() != FailoverPhase.FAILED_OVER) {
            throw new FarshoreException(
                    ExitCode.NO, "machine " + stream.machine() + " has not failed over: there is nothing to commit");
        }
        final OpenView view = views.find(record.viewId());
        for (final OpenView other : views.all()) {
            if (other != view) {
                throw new FarshoreException(
                        ExitCode.NO,
                        "view " + other.record().id() + " of this machine is open, and a commit gives all points up:"
                                + " close it first");
            }
        }
        final List<String> pins = stream.holders().stream()
                .filter(holder -> holder.startsWith("pin "))
                .toList();
        final long floor = view.record().point().heldPosition();
        if (!pins.isEmpty() || !stream.raiseFloor(floor)) {
            throw new FarshoreException(
                    ExitCode.NO,
                    "a commit gives all points up, and some are held: " + String.join(", ", stream.holders())
                            + "; farshore retention unpin lets a pin go");
        }
        store(record.flattening(floor, 0, 0));
    }

    private void promote(final OpenView view) throws IOException {
        complaint = "";
        if (record.phase() == FailoverPhase.COMMITTED) {
            return;
        }
        final Promotion next = new Promotion(this, view);
        next.open();
        promotion = next;
    }

    /** A step of the commit under way, if there is one; returns work done. */
    int doWork() {
        if (promotion == null) {
            return 0;
        }
        try {
            if (promotion.step()) {
                endPromotion();
            }
        } catch (final IOException | FarshoreException e) {
            endPromotion();
            complaint = e.getMessage();
            LOG.warn("failover", stream.machine(), "commit", "stands-still", "reason", e.getMessage());
        }
        return 1;
    }

    private void endPromotion() {
        promotion.close();
        promotion = null;
    }

    FailoverReport report() {
        return new FailoverReport(
                stream.machine(),
                record.phase(),
                record.generation(),
                record.viewId(),
                promotion == null ? "" : promotion.stage(),
                promotion == null ? 0 : promotion.doneBytes(),
                promotion == null ? 0 : promotion.totalBytes(),
                complaint);
    }

    List<ViewReport> reports() {
        return views.reports();
    }

    void close() {
        if (promotion != null) {
            endPromotion();
        }
        views.close();
    }
}
