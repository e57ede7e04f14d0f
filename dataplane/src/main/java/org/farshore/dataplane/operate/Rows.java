package org.farshore.dataplane.operate;

import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.failover.FailoverReport;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.recover.RecoveryPoint;

/** The lines of answers. */
final class Rows {
    private static final long NS_PER_MS = 1_000_000;

    private Rows() {}

    static Cell[] point(final RecoveryPoint point, final Map<UUID, String> names, final Collection<String> pins) {
        final TreeSet<String> volumes = new TreeSet<>();
        for (final RecoveryPoint.PointVolume volume : point.volumes()) {
            volumes.add(names.getOrDefault(volume.uuid(), volume.uuid().toString()));
        }
        return new Cell[] {
            Cell.count("sequence", point.sequence()),
            Cell.wallTime("time", point.wallTimeNs()),
            Cell.text("kind", kind(point)),
            Cell.text("label", point.label()),
            Cell.text("volumes", String.join(",", volumes)),
            Cell.text("note", note(point, pins)),
        };
    }

    private static String kind(final RecoveryPoint point) {
        return point.kind().name().toLowerCase(java.util.Locale.ROOT);
    }

    private static String note(final RecoveryPoint point, final Collection<String> pins) {
        final StringBuilder note = new StringBuilder();
        add(note, point.complete(), "", "not all volumes");
        add(note, !point.timeUncertain(), "", "time uncertain");
        add(note, !point.endOfResync(), "", "first in order");
        add(note, pins.isEmpty(), "", "pinned: " + String.join(",", pins));
        return note.toString();
    }

    private static void add(final StringBuilder note, final boolean is, final String yes, final String no) {
        final String text = is ? yes : no;
        if (!text.isEmpty()) {
            note.append(note.isEmpty() ? "" : "; ").append(text);
        }
    }

    static Cell[] view(final ViewReport view, final ViewReport.Volume volume) {
        return new Cell[] {
            Cell.text("view", view.id()),
            Cell.text("machine", view.machine()),
            Cell.text("purpose", view.purpose().name().toLowerCase(java.util.Locale.ROOT)),
            Cell.text("volume", volume.name()),
            Cell.count("sequence", view.point().sequence()),
            Cell.wallTime("time", view.point().wallTimeNs()),
            Cell.bytes("size", volume.sizeBytes()),
            Cell.count("connections", volume.connections()),
            Cell.wallTime("opened", view.createdNs()),
            Cell.durationMs("openMs", view.openNs() / NS_PER_MS),
            Cell.text("uri", view.complaint().isEmpty() ? String.join(" ", volume.uris()) : view.complaint()),
        };
    }

    static Cell[] failover(final FailoverReport report) {
        return new Cell[] {
            Cell.text("machine", report.machine()),
            Cell.text("phase", report.phase().name().toLowerCase(java.util.Locale.ROOT)),
            Cell.count("generation", report.generation()),
            Cell.text("view", report.viewId()),
            Cell.text("stage", report.stage()),
            Cell.bytes("done", report.doneBytes()),
            Cell.bytes("total", report.totalBytes()),
            Cell.text("complaint", report.complaint()),
        };
    }
}
