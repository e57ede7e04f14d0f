package org.farshore.dataplane.failover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordFile;
import org.farshore.dataplane.runtime.StateLog;

/** The views of one machine: the directory {@code views} and what of it is open. Failover thread. */
final class MachineViews {
    private static final StateLog LOG = StateLog.of(MachineViews.class);
    static final String DIRECTORY_NAME = "views";
    private static final int VIEWS_MAX = 32;
    private static final int ID_DIGITS = 8;

    private final FailoverContext context;
    private final MachineStream stream;
    private final Path directory;
    private final RecordFile file;
    private final Map<String, OpenView> views = new TreeMap<>();

    MachineViews(final FailoverContext context, final MachineStream stream, final RecordFile file) {
        this.context = context;
        this.stream = stream;
        this.file = file;
        this.directory = context.dataDirectory().resolve(stream.machine()).resolve(DIRECTORY_NAME);
    }

    /** Everything that is open or complains. */
    Collection<OpenView> all() {
        return views.values();
    }

    /** The view with this id, or null. */
    OpenView findOrNull(final String id) {
        return views.get(id);
    }

    /**
     * The view with this id.
     *
     * @throws FarshoreException NO when there is none.
     */
    OpenView find(final String id) {
        final OpenView view = views.get(id);
        if (view == null) {
            throw new FarshoreException(ExitCode.NO, "machine " + stream.machine() + " has no view " + id);
        }
        return view;
    }

    /**
     * After a start: the views whose records are there, not yet open; what is left of others is removed. What bears no
     * view's name is not ours: the directory may be a filesystem of its own, with its {@code lost+found}.
     *
     * @param failoverViewId the one view that may be the disk; another that says so never became it, or is no more.
     */
    void load(final String failoverViewId) throws IOException {
        for (final String id : context.files().list(directory)) {
            if (!ViewRecord.isId(id)) {
                continue;
            }
            final Path path = directory.resolve(id);
            final ViewRecord record = ViewRecord.load(file, path);
            final boolean stale =
                    record != null && record.purpose() == ViewPurpose.FAILOVER && !id.equals(failoverViewId);
            if (record == null || stale) {
                LOG.info("view", id, "machine", stream.machine(), "state", "removed", "reason", "left by a stop");
                OpenView.delete(context.files(), path);
            } else {
                views.put(id, new OpenView(record, path));
            }
        }
    }

    /**
     * Opens and serves a view that was loaded; when that fails it stays in the list with a complaint.
     *
     * @throws FarshoreException STORAGE when it cannot be stored that its point was lost.
     */
    void reopen(final OpenView view) {
        final ViewRecord record = view.record();
        if (stream.isLost(record.point())) {
            if (record.point().position() != ViewRecord.LOST) {
                record.withPointLost().store(file, view.directory());
            }
            view.complaint("point " + record.point().sequence()
                    + " was lost with the end of the journal, which could not be read at a start: close the view");
            LOG.warn("view", record.id(), "machine", stream.machine(), "state", "unusable", "reason", view.complaint());
            return;
        }
        try {
            view.open(stream);
            view.serve(context.exports());
            LOG.info("view", view.record().id(), "machine", stream.machine(), "state", "opened-again");
        } catch (final ViewException e) {
            view.complaint(e.getMessage());
            LOG.warn("view", view.record().id(), "machine", stream.machine(), "state", "unusable", "reason", e);
        }
    }

    /**
     * Makes and opens a view; it is not served yet.
     *
     * @param volumes that it shall have; all of the point when empty.
     * @throws FarshoreException NO when it cannot be had, STORAGE when a disk refuses.
     */
    OpenView make(final RecoveryPoint point, final Collection<UUID> volumes, final ViewPurpose purpose) {
        if (views.size() >= VIEWS_MAX) {
            throw new FarshoreException(
                    ExitCode.NO, "machine " + stream.machine() + " has " + VIEWS_MAX + " views already: close some");
        }
        final long beganNs = context.clocks().nanoTime();
        final String id = newId();
        final Path path = directory.resolve(id);
        final ViewRecord record = new ViewRecord(
                id,
                stream.machineIdHigh(),
                stream.machineIdLow(),
                purpose,
                context.clocks().epochNanos(),
                point,
                volumesOf(point, volumes));
        final OpenView view = new OpenView(record, path);
        try {
            context.files().createDirectories(path);
            view.open(stream);
            record.store(file, path);
        } catch (final IOException | FarshoreException e) {
            view.closeFiles();
            removeUnfinished(path);
            throw refused(e);
        }
        views.put(id, view);
        view.openNs(context.clocks().nanoTime() - beganNs);
        return view;
    }

    private static FarshoreException refused(final Exception cause) {
        if (cause instanceof FarshoreException known) {
            return known;
        }
        final boolean isDisk = !(cause instanceof ViewException e) || e.reason() == ViewException.Cause.DISK;
        return new FarshoreException(
                isDisk ? ExitCode.STORAGE : ExitCode.NO, "cannot open the view: " + cause.getMessage(), cause);
    }

    private void removeUnfinished(final Path path) {
        try {
            OpenView.delete(context.files(), path);
        } catch (final IOException e) {
            LOG.warn("view", path, "state", "left", "reason", e.getMessage(), "next", "removed at the next start");
        }
    }

    private String newId() {
        String id;
        do {
            id = String.format("%016x", context.entropy().nextLong()).substring(0, ID_DIGITS);
        } while (context.files().exists(directory.resolve(id)));
        return id;
    }

    private List<ViewRecord.Volume> volumesOf(final RecoveryPoint point, final Collection<UUID> wanted) {
        final Map<UUID, String> names = stream.volumeNames();
        final List<ViewRecord.Volume> volumes = new ArrayList<>();
        for (final RecoveryPoint.PointVolume volume : point.volumes()) {
            if (wanted.isEmpty() || wanted.contains(volume.uuid())) {
                final String name = names.get(volume.uuid());
                if (name == null) {
                    throw new FarshoreException(
                            ExitCode.NO, "volume " + volume.uuid() + " has no replica volume here any more");
                }
                volumes.add(new ViewRecord.Volume(name, volume));
            }
        }
        if (volumes.isEmpty()) {
            throw new FarshoreException(ExitCode.NO, "point " + point.sequence() + " names none of the volumes");
        }
        return volumes;
    }

    void serve(final OpenView view) {
        view.serve(context.exports());
        LOG.info(
                "view",
                view.record().id(),
                "machine",
                stream.machine(),
                "state",
                "open",
                "purpose",
                view.record().purpose(),
                "point",
                view.record().point().sequence());
    }

    /**
     * Ends the service of a view.
     *
     * @throws FarshoreException UNAVAILABLE when a call of a client still runs: the view is as it was, and nobody is served.
     */
    void unserve(final OpenView view) {
        if (!view.unserve(context.exports())) {
            throw new FarshoreException(
                    ExitCode.UNAVAILABLE,
                    "view " + view.record().id() + " is no longer served, but a call of a client still hangs in a disk:"
                            + " see to the disk, then start the role again");
        }
    }

    /**
     * Closes a view that is not served, and removes everything that it had.
     *
     * @throws FarshoreException STORAGE when something could not be removed: the next start does it, or, when not even its
     *     record could be, finds the view as it was.
     */
    void remove(final OpenView view) {
        view.closeFiles();
        views.remove(view.record().id());
        try {
            OpenView.delete(context.files(), view.directory());
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "view " + view.record().id() + " is closed, but not all of it could be removed: " + e.getMessage()
                            + "; see to the disk; if the view is there again after the next start, close it again",
                    e);
        }
        LOG.info("view", view.record().id(), "machine", stream.machine(), "state", "closed");
    }

    /** What is left of a view: a directory, a name that is served, a moment that is held by none of the open views. */
    List<String> residue(final ViewReport view) {
        final List<String> left = new ArrayList<>();
        final Path path = directory.resolve(view.id());
        if (context.files().exists(path)) {
            left.add("directory " + path);
        }
        for (final ViewReport.Volume volume : view.volumes()) {
            if (context.exports().isServed(volume.exportName())) {
                left.add("export " + volume.exportName());
            }
        }
        int open = 0;
        for (final OpenView other : views.values()) {
            open += other.heldCount();
        }
        final List<String> holders = stream.holders().stream()
                .filter(holder -> holder.startsWith("view "))
                .toList();
        if (holders.size() > open) {
            left.add("moments held: " + holders);
        }
        return left;
    }

    List<ViewReport> reports() {
        return views.values().stream()
                .map(view -> view.report(stream.machine(), context.exports()))
                .toList();
    }

    /** The role ends: what was flushed stays. */
    void close() {
        views.values().forEach(OpenView::closeFiles);
    }
}
