package org.farshore.dataplane.failover;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.farshore.dataplane.recover.FileReport;
import org.farshore.dataplane.recover.HistoryInspector;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordFile;

/**
 * Reads on behalf of a person who owns the disks of a machine and which views of it there are, with their overlays. Opens
 * everything for reading only. One thread.
 */
public final class FailoverInspector {
    private final BlockFiles files;
    private final RecordFile recordFile;
    private final HistoryInspector history;

    public FailoverInspector(final BlockFiles files) {
        this.files = files;
        this.recordFile = FailoverRecord.newFile(files);
        this.history = new HistoryInspector(files);
    }

    /** True for a directory of a machine, or what is left of one. */
    public boolean isMachine(final Path directory) throws IOException {
        final List<String> names = files.list(directory);
        return names.contains(FailoverRecord.NAME)
                || names.contains(MachineViews.DIRECTORY_NAME)
                || !history.stream(directory).isEmpty();
    }

    /**
     * Everything small that a machine's directory holds of its past: catalogue, pins, failover, views, overlays.
     *
     * @throws IOException when a file is there and the disk does not give it.
     */
    public List<FileReport> machine(final Path directory) throws IOException {
        final List<FileReport> reports = new ArrayList<>(history.stream(directory));
        if (files.exists(directory.resolve(FailoverRecord.NAME))) {
            reports.add(failover(directory));
        }
        final Path views = directory.resolve(MachineViews.DIRECTORY_NAME);
        for (final String id : files.list(views)) {
            if (ViewRecord.isId(id)) {
                addView(views.resolve(id), reports);
            }
        }
        return reports;
    }

    private FileReport failover(final Path directory) throws IOException {
        final Map<String, Object> facts = new LinkedHashMap<>();
        final List<String> damages = new ArrayList<>();
        try {
            final FailoverRecord found = FailoverRecord.load(recordFile, directory);
            facts.put("phase", found.phase().name().toLowerCase(Locale.ROOT));
            facts.put("generation", found.generation());
            facts.put("acceptFrom", found.acceptFrom());
            facts.put("view", found.viewId());
            HistoryInspector.lookAtCopies(recordFile, directory.resolve(FailoverRecord.NAME), damages);
        } catch (final FarshoreException e) {
            damages.add(e.getMessage());
        }
        return new FileReport(directory.resolve(FailoverRecord.NAME), "failover", facts, damages);
    }

    private void addView(final Path directory, final List<FileReport> reports) throws IOException {
        final Map<String, Object> facts = new LinkedHashMap<>();
        final List<String> damages = new ArrayList<>();
        reports.add(new FileReport(directory.resolve(ViewRecord.NAME), "view", facts, damages));
        try {
            final ViewRecord view = ViewRecord.load(recordFile, directory);
            if (view == null) {
                facts.put("state", "half made or half closed; removed at the next start");
                return;
            }
            HistoryInspector.lookAtCopies(recordFile, directory.resolve(ViewRecord.NAME), damages);
            facts.put("purpose", view.purpose().name().toLowerCase(Locale.ROOT));
            facts.put("sequence", view.point().sequence());
            facts.put(
                    "time",
                    Instant.EPOCH
                            .plus(view.point().wallTimeNs(), ChronoUnit.NANOS)
                            .toString());
            facts.put(
                    "volumes",
                    String.join(
                            " ",
                            view.volumes().stream().map(ViewRecord.Volume::name).toList()));
            for (final ViewRecord.Volume volume : view.volumes()) {
                reports.add(history.overlay(directory, volume.name()));
            }
        } catch (final FarshoreException e) {
            damages.add(e.getMessage());
        }
    }
}
