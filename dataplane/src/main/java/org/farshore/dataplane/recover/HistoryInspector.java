package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordFile;

/**
 * Reads the catalogue of points, the pins and the presence bits of overlays on behalf of a person. Opens everything for
 * reading only. While the role writes, an entry or a page that is just being written may look damaged once. Any thread.
 */
public final class HistoryInspector {
    private final BlockFiles files;

    public HistoryInspector(final BlockFiles files) {
        this.files = files;
    }

    /**
     * Catalogue and pins of a stream.
     *
     * @param directory of the stream.
     * @throws IOException when a file is there and the disk does not give it.
     */
    public List<FileReport> stream(final Path directory) throws IOException {
        final List<FileReport> reports = new ArrayList<>();
        if (files.exists(directory.resolve(CatalogueFile.NAME))) {
            reports.add(points(directory));
        }
        if (files.exists(directory.resolve(PinFile.NAME))) {
            reports.add(pins(directory));
        }
        return reports;
    }

    private FileReport points(final Path directory) throws IOException {
        final Map<String, Object> facts = new LinkedHashMap<>();
        final List<String> damages = new ArrayList<>();
        final CatalogueFile file = CatalogueFile.find(files, directory);
        final List<CatalogueEntry> entries = file == null ? null : file.read();
        if (entries == null) {
            damages.add("the header is not whole; the next start makes the catalogue again from the journal");
        } else {
            facts.put("machine", file.machine());
            facts.put("generation", file.generation());
            count(entries, facts);
            if (file.endsBeforeBytes()) {
                damages.add(
                        "what stands behind byte " + file.length() + " does not check; the next start makes it again"
                                + " from the journal, from position " + facts.get("position") + " on");
            }
        }
        return new FileReport(directory.resolve(CatalogueFile.NAME), "points", facts, damages);
    }

    private static void count(final List<CatalogueEntry> entries, final Map<String, Object> facts) {
        final int[] counts = new int[CatalogueEntry.TEXT + 1];
        CatalogueEntry oldest = null;
        CatalogueEntry newest = null;
        for (final CatalogueEntry entry : entries) {
            counts[Math.min(entry.type(), CatalogueEntry.TEXT)]++;
            if (entry.type() == CatalogueEntry.POINT) {
                oldest = oldest == null ? entry : oldest;
                newest = entry;
            }
        }
        facts.put("points", counts[CatalogueEntry.POINT]);
        if (newest != null) {
            facts.put("oldest", oldest.sequence());
            facts.put("oldestTime", time(oldest.wallTimeNs()));
            facts.put("newest", newest.sequence());
            facts.put("newestTime", time(newest.wallTimeNs()));
        }
        facts.put("volumeEntries", counts[CatalogueEntry.VOLUME]);
        facts.put("withdrawals", counts[CatalogueEntry.WITHDRAWN]);
        facts.put(
                "position",
                entries.isEmpty() ? 0L : entries.get(entries.size() - 1).position());
    }

    private static String time(final long wallTimeNs) {
        return Instant.EPOCH.plus(wallTimeNs, ChronoUnit.NANOS).toString();
    }

    private FileReport pins(final Path directory) throws IOException {
        final Map<String, Object> facts = new LinkedHashMap<>();
        final List<String> damages = new ArrayList<>();
        final PinFile file = new PinFile(files, directory);
        try {
            for (final PinFile.Pin pin : file.load()) {
                facts.put(pin.name(), pin.sequence());
            }
            lookAtCopies(file.file(), file.path(), damages);
        } catch (final FarshoreException e) {
            damages.add(e.getMessage());
        }
        return new FileReport(directory.resolve(PinFile.NAME), "pins", facts, damages);
    }

    /**
     * Says so when a record stands in its file less often than it should.
     *
     * @throws IOException when the disk does not give it.
     */
    public static void lookAtCopies(final RecordFile file, final Path path, final List<String> damages)
            throws IOException {
        final int whole = file.wholeCopies(path);
        if (whole < RecordFile.COPIES) {
            damages.add(whole + " of " + RecordFile.COPIES + " copies is whole; the next change writes both anew");
        }
    }

    /**
     * The presence bits of an overlay, all pages.
     *
     * @param directory of the view.
     * @param volume name of the volume.
     * @throws IOException when the file is there and the disk does not give it.
     */
    public FileReport overlay(final Path directory, final String volume) throws IOException {
        final Path path = directory.resolve(volume + PresenceFile.SUFFIX);
        final Map<String, Object> facts = new LinkedHashMap<>();
        final List<String> damages = new ArrayList<>();
        if (files.exists(path)) {
            try (PresenceFile file = PresenceFile.openToRead(files, path)) {
                countPages(file, facts, damages);
            } catch (final ViewException e) {
                damages.add(e.getMessage());
            }
        } else {
            damages.add("the file is missing; what was written to the view cannot be told from what was not");
        }
        return new FileReport(path, "overlay", facts, damages);
    }

    private static void countPages(final PresenceFile file, final Map<String, Object> facts, final List<String> damages)
            throws IOException {
        final int pages = PresenceFile.pageCount(file.sizeBytes());
        long written = 0;
        long present = 0;
        long zeros = 0;
        long torn = 0;
        for (int number = 0; number < pages; number++) {
            final PresencePage page = file.load(number);
            written += page.edition > 0 ? 1 : 0;
            torn += page.tornCopies;
            present += page.count(Presence.PRESENT);
            zeros += page.count(Presence.ZERO);
            if (page.damaged) {
                final long begin = (long) number * PresencePage.BLOCKS * ViewOverlay.BLOCK_LENGTH;
                final long end = begin + (long) PresencePage.BLOCKS * ViewOverlay.BLOCK_LENGTH;
                damages.add("no copy of page " + number + " is whole; bytes " + begin + " to "
                        + Math.min(end, file.sizeBytes()) + " of the volume cannot be read through this view");
            }
        }
        if (!file.isHeaderWhole()) {
            damages.add("one copy of the header is not whole");
        }
        if (torn > 0) {
            damages.add(torn + " copies of pages are not whole, cut off by a stop or rotten");
        }
        facts.put("volumeBytes", file.sizeBytes());
        facts.put("writtenBlocks", present);
        facts.put("zeroBlocks", zeros);
        facts.put("pagesWritten", written);
        facts.put("pages", pages);
    }
}
