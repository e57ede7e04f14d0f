package org.farshore.dataplane.failover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * A view of some volumes of a machine, open and served, with its directory.
 *
 * <p><b>On the disk.</b> Opening makes the directory, the overlays, and last the record: what has a record is whole. Closing
 * removes the record first. So a directory without one is what a stop left of either, and nobody's.
 *
 * <p>Failover thread.
 */
final class OpenView {
    private final ViewRecord record;
    private final Path directory;
    private final List<Part> parts = new ArrayList<>();
    private String complaint = "";
    private long openNs;

    /** One volume. */
    static final class Part {
        final ViewRecord.Volume volume;
        final String exportName;
        RecoveryView view;
        /** The replica, open for writing from a commit on. */
        BlockFile base;

        Part(final ViewRecord.Volume volume, final String exportName) {
            this.volume = volume;
            this.exportName = exportName;
        }
    }

    OpenView(final ViewRecord record, final Path directory) {
        this.record = record;
        this.directory = directory;
        for (final ViewRecord.Volume volume : record.volumes()) {
            parts.add(new Part(volume, record.id() + "/" + volume.name()));
        }
    }

    ViewRecord record() {
        return record;
    }

    List<Part> parts() {
        return parts;
    }

    /** Why it cannot be used, or empty. */
    String complaint() {
        return complaint;
    }

    void complaint(final String why) {
        complaint = why;
    }

    void openNs(final long value) {
        openNs = value;
    }

    /** Opens every volume; when one fails none stays open. */
    void open(final MachineStream stream) throws ViewException {
        try {
            for (final Part part : parts) {
                part.view =
                        stream.openView(record.point(), part.volume.at().uuid(), directory.resolve(part.volume.name()));
            }
        } catch (final ViewException | RuntimeException e) {
            closeFiles();
            throw e;
        }
    }

    void serve(final ExportServer exports) {
        for (final Part part : parts) {
            exports.add(part.exportName, part.view);
        }
    }

    /** Serves the replicas themselves, as they are on the disk: the view was committed. */
    void serveReplicas(final MachineStream stream, final ExportServer exports) throws IOException {
        for (final Part part : parts) {
            final UUID volume = part.volume.at().uuid();
            // Opening it makes the page cache forget what a sync that failed in an earlier life has lost.
            stream.openBase(volume, part.volume.at().sizeBytes()).close();
            exports.addReplica(
                    part.exportName,
                    stream.replica(volume),
                    "volume " + part.volume.name() + " of machine " + stream.machine());
        }
    }

    /** Serves what was served before {@link #unserve}. */
    void serveAgain(final MachineStream stream, final ExportServer exports) throws IOException {
        if (parts.get(0).view == null) {
            serveReplicas(stream, exports);
        } else {
            serve(exports);
        }
    }

    /** Ends the service; false when a call into a volume still runs, then it is tried again later. */
    boolean unserve(final ExportServer exports) {
        boolean free = true;
        for (final Part part : parts) {
            free &= exports.remove(part.exportName);
        }
        return free;
    }

    /** Closes the files; what was not flushed may be lost. */
    void closeFiles() {
        for (final Part part : parts) {
            if (part.view != null) {
                part.view.close();
                part.view = null;
            }
            if (part.base != null) {
                part.base.close();
                part.base = null;
            }
        }
    }

    /** Removes a view's directory, record first, and looks whether anything is left. */
    static void delete(final BlockFiles files, final Path directory) throws IOException {
        files.delete(directory.resolve(ViewRecord.NAME));
        files.syncDirectory(directory);
        for (final String name : files.list(directory)) {
            files.delete(directory.resolve(name));
        }
        files.syncDirectory(directory);
        files.delete(directory);
        files.syncDirectory(directory.getParent());
        if (files.exists(directory)) {
            throw new IOException(directory + " is still there: " + files.list(directory));
        }
    }

    /** Moments that its volumes hold. */
    int heldCount() {
        return (int) parts.stream().filter(part -> part.view != null).count();
    }

    Path directory() {
        return directory;
    }

    ViewReport report(final String machine, final ExportServer exports) {
        final List<ViewReport.Volume> volumes = new ArrayList<>();
        for (final Part part : parts) {
            volumes.add(new ViewReport.Volume(
                    part.volume.name(),
                    part.exportName,
                    part.volume.at().sizeBytes(),
                    exports.connections(part.exportName),
                    complaint.isEmpty() ? exports.uris(part.exportName) : List.of()));
        }
        return new ViewReport(
                record.id(), machine, record.purpose(), record.point(), record.createdNs(), openNs, complaint, volumes);
    }
}
