package org.farshore.dataplane.index;

import java.io.IOException;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.StateLog;

/**
 * Reads the version files at a start and makes the maps again, a bounded number of pages at a time.
 *
 * <h2>What is trusted</h2>
 * Versions up to the newest one that a whole checkpoint names: they were synced before it was written. What lies behind may
 * be any mixture of what was written and what was there before, and is read from the journal again. Of what should be
 * trusted, everything is checked all the same: each page's checksum and place, the chain from page to page, and that entries
 * neither go back in the journal nor name a past that is not older. <b>At the first thing that is wrong, trust ends</b>:
 * that page, all behind it, and all files behind it are made again from the journal. Trust also ends where the journal ends:
 * an entry must never outlive the frame that it names, or it would name the next one written there.
 *
 * <p>When trust ends before the checkpoint does, the checkpoint is taken back first, in both its copies, durably. Else a stop
 * halfway through writing the pages again would leave a mixture of two lives under a checkpoint that vouches for it.
 *
 * <h2>Why there is no loop</h2>
 * A map that survives a power cut may know a version that the files have lost; replaying the journal would link that
 * version to itself, through its successor, and a lookup would never end. Here the map knows exactly what was just read.
 */
final class IndexLoader {
    private static final StateLog LOG = StateLog.of(IndexLoader.class);
    private static final int PAGES_AT_ONCE = 256;

    private final VersionIndexContext context;
    private final CheckpointFile checkpointFile;
    private final Versions versions;
    private final VersionFiles files;
    private final VersionAppender appender;
    private final JournalFollower follower;
    private final SegmentMarks marks;
    private final VersionEntryFlyweight entry = new VersionEntryFlyweight();
    private final long horizonPosition;
    private final long journalEnd;
    private long trustedNewest;
    private long checkpointPosition;
    private long firstFile;
    private long lastFile;
    private VersionFile file;
    private int nextPage;
    private boolean done;
    private String cutReason;
    private long newest;
    private int newestSlots;
    private long newestPosition;
    private long resumePosition = -1;
    private int resumeExtent;
    private int resumeCount;
    private int chainChecksum;
    private long loadedPages;
    private long totalPages;

    /**
     * @param trustLimit ids from here on are not trusted whatever a checkpoint says.
     * @param journalEnd nor are entries of frames from this position on.
     */
    IndexLoader(
            final VersionIndexContext context,
            final CheckpointFile checkpointFile,
            final Versions versions,
            final VersionAppender appender,
            final JournalFollower follower,
            final SegmentMarks marks,
            final long horizonSegment,
            final long trustLimit,
            final long journalEnd)
            throws IOException {
        this.context = context;
        this.checkpointFile = checkpointFile;
        this.versions = versions;
        this.files = versions.files();
        this.appender = appender;
        this.follower = follower;
        this.marks = marks;
        this.journalEnd = journalEnd;
        this.horizonPosition = Math.max(horizonSegment * context.segmentLength(), context.horizonPosition());
        begin(trustLimit);
    }

    private void begin(final long trustLimit) throws IOException {
        final CheckpointFile.Checkpoint checkpoint = checkpointFile.load();
        final long newestNumber = files.newestNumber();
        if (checkpoint == null || !checkpoint.isOf(context)) {
            cutReason = newestNumber > 0 ? "no checkpoint of this stream is whole" : null;
            firstFile = newestNumber + 1;
            done = true;
        } else {
            trustedNewest = checkpoint.newestId();
            checkpointPosition = checkpoint.position();
            firstFile = checkpoint.firstFile();
            lastFile = VersionIds.fileOf(trustedNewest);
            if (trustedNewest >= trustLimit) {
                cutReason = "a page was found damaged";
                trustedNewest = trustLimit - 1;
            }
            totalPages = (VersionIds.fileOf(trustedNewest) - firstFile) * files.pagesPerFile() + pagesInLastFile();
        }
        files.deleteOutside(firstFile, lastFile);
        versions.newest(VersionIds.of(firstFile, 0));
        versions.horizon(VersionIds.of(firstFile, 0));
        newest = VersionIds.of(firstFile, 0);
        done |= trustedNewest <= newest;
    }

    private int pagesInLastFile() {
        return Math.min(files.pagesPerFile(), VersionIds.slotOf(trustedNewest) / VersionIds.SLOTS_PER_PAGE + 1);
    }

    /**
     * Reads some pages.
     *
     * @return true when everything trusted is loaded.
     */
    boolean step() throws IOException {
        if (!done && file == null) {
            openNext();
        }
        if (!done) {
            loadPages();
        }
        return done;
    }

    private void openNext() throws IOException {
        final long number = VersionIds.fileOf(newest) + (newest == VersionIds.of(firstFile, 0) ? 0 : 1);
        if (!files.exists(number)) {
            cut("version file " + number + " is missing");
            return;
        }
        file = files.open(number);
        nextPage = 0;
    }

    private void loadPages() throws IOException {
        final boolean last = file.number() == VersionIds.fileOf(trustedNewest);
        final int pagesInFile = last ? pagesInLastFile() : files.pagesPerFile();
        final int count = Math.min(PAGES_AT_ONCE, pagesInFile - nextPage);
        try {
            file.load(nextPage, count);
        } catch (final IOException e) {
            cut("version file " + file.path() + " cannot be read: " + e.getMessage());
            return;
        }
        final UnsafeBuffer pages = file.resident();
        for (int i = 0; i < count && !done; i++) {
            loadPage(pages, VersionIds.of(file.number(), (nextPage + i) * VersionIds.SLOTS_PER_PAGE));
        }
        nextPage += count;
        loadedPages += count;
        if (!done && nextPage == pagesInFile) {
            file.markWritten(nextPage);
            done = file.number() == VersionIds.fileOf(trustedNewest);
            file = null;
        }
    }

    private void loadPage(final UnsafeBuffer pages, final long pageId) {
        final int page = VersionIds.offsetInFile(pageId);
        if (!VersionPage.isValid(pages, page, pageId, versions.stream())) {
            cut("page " + pageId + " is damaged");
            return;
        }
        if (loadedFirst() && VersionPage.previousChecksum(pages, page) != chainChecksum) {
            cut("page " + pageId + " does not follow the one before it");
            return;
        }
        final int used = VersionPage.used(pages, page);
        final boolean isLast = pageId == VersionIds.pageOf(trustedNewest);
        if (!VersionPage.isSealed(pages, page) && (!isLast || used <= (int) (trustedNewest - pageId))) {
            cut("page " + pageId + " is older than its checkpoint");
            return;
        }
        chainChecksum = VersionPage.checksum(pages, page);
        touch(pages, pageId, used);
        for (int slot = 1; slot < used && !done && pageId + slot <= trustedNewest; slot += entry.slots()) {
            final long id = pageId + slot;
            entry.wrap(pages, VersionIds.offsetInFile(id));
            final String wrong = take(id, VersionPage.basePosition(pages, page) + entry.positionDelta());
            if (wrong != null) {
                cut("version " + id + " " + wrong);
            }
        }
    }

    /** Looks at the map for all entries first: cache misses that do not wait for each other make a start twice as fast. */
    private void touch(final UnsafeBuffer pages, final long pageId, final int used) {
        for (int slot = 1; slot < used; slot += entry.slots()) {
            entry.wrap(pages, VersionIds.offsetInFile(pageId + slot));
            final VolumeVersions volume = entry.isBlockVersion() ? versions.find(entry.volume()) : null;
            if (volume != null) {
                volume.blocks().touch(entry.block());
            }
        }
    }

    private boolean loadedFirst() {
        return newest != VersionIds.of(firstFile, 0);
    }

    /** Takes an entry into the maps; answers what is wrong with it. */
    private String take(final long id, final long position) {
        if (position >= journalEnd) {
            return "names a frame behind the end of the journal";
        }
        if (position < newestPosition) {
            return "goes back in the journal";
        }
        final int kind = entry.kind();
        final boolean linked = entry.isBlockVersion() || entry.isCoarse();
        if (kind == VersionEntryFlyweight.KIND_NONE
                || kind > VersionEntryFlyweight.KIND_DAMAGE
                || (linked && (entry.previous() >= id || entry.jump() > entry.previous()))) {
            return "is no version";
        }
        marks.note(position, id);
        if (position < horizonPosition) {
            // No higher than the newest id there is: it names the moment at which all is in the base copy.
            versions.horizon(id);
        }
        publish(id, kind, linked);
        if (kind != VersionEntryFlyweight.KIND_DAMAGE) {
            final boolean sameExtent = position == resumePosition && entry.extent() == resumeExtent;
            resumeCount = sameExtent ? resumeCount + 1 : 1;
            resumeExtent = entry.extent();
            resumePosition = position;
        }
        newest = id;
        newestSlots = entry.slots();
        newestPosition = position;
        return null;
    }

    private void publish(final long id, final int kind, final boolean linked) {
        if (linked) {
            marks.count(kind == VersionEntryFlyweight.KIND_WRITE ? Integer.bitCount(entry.mask()) : 0);
        }
        versions.newest(id);
        if (id <= versions.horizon()) {
            return;
        }
        if (kind == VersionEntryFlyweight.KIND_DAMAGE) {
            versions.addLost(new LostJournal(id, entry.previous(), entry.jump()));
            return;
        }
        final VolumeVersions volume = versions.findOrAdd(entry.volume());
        if (kind == VersionEntryFlyweight.KIND_REMOVED) {
            volume.removed(id, versions.horizon());
        } else if (entry.isCoarse()) {
            volume.putCoarse(entry.block(), id, versions.horizon());
        } else {
            volume.blocks().put(entry.block(), id, versions.horizon());
        }
    }

    /** Trust ends at the newest entry that was taken. */
    private void cut(final String reason) {
        cutReason = reason;
        done = true;
    }

    /**
     * Makes everything ready for going on; returns the journal position to read from.
     *
     * @param minimum where the journal begins.
     */
    long finish(final long minimum) throws IOException {
        long position = Math.max(minimum, Math.min(newestPosition, journalEnd));
        if (!loadedFirst()) {
            position = startAfresh(minimum);
        } else {
            resumeBehindNewest();
            if (cutReason == null) {
                position = Math.max(position, Math.min(checkpointPosition, journalEnd));
            }
        }
        if (cutReason != null) {
            takeBack(position);
            LOG.warn("stream", context.machine(), "index", "rebuild", "from", position, "reason", cutReason);
        }
        return position;
    }

    /** Nothing is trusted: file numbers go on, so that no page of an older life is taken for a new one. */
    private long startAfresh(final long minimum) throws IOException {
        final long number = Math.max(files.newestNumber(), Math.max(firstFile, lastFile)) + (cutReason == null ? 0 : 1);
        files.closeAll();
        files.deleteOutside(number, number - 1);
        firstFile = number;
        newest = VersionIds.of(number, 0);
        appender.beginEmpty(number);
        return minimum;
    }

    private void resumeBehindNewest() throws IOException {
        final VersionFile[] live = files.live();
        if (live[live.length - 1].number() != VersionIds.fileOf(newest)) {
            files.closeNewest();
        }
        final UnsafeBuffer pages = files.find(VersionIds.fileOf(newest)).resident();
        final int page = VersionIds.offsetInFile(VersionIds.pageOf(newest));
        final boolean whole = VersionPage.isSealed(pages, page)
                && newest + newestSlots >= VersionIds.pageOf(newest) + VersionPage.used(pages, page);
        final int before = VersionPage.previousChecksum(pages, page);
        final int chain = whole ? VersionPage.checksum(pages, page) : before;
        files.deleteOutside(firstFile, VersionIds.fileOf(newest));
        appender.goOnBehind(newest, newestSlots, whole, chain);
        follower.goOn(resumePosition, resumeExtent, resumeCount);
    }

    private void takeBack(final long position) throws IOException {
        checkpointFile.store(context, newest, position, firstFile);
        checkpointFile.store(context, newest, position, firstFile);
    }

    long loadedBytes() {
        return loadedPages * VersionIds.PAGE_LENGTH;
    }

    long totalBytes() {
        return totalPages * VersionIds.PAGE_LENGTH;
    }

    /** The first file that is alive. */
    long firstFile() {
        return firstFile;
    }

    /** Why trust ended before the checkpoint, or null. */
    String cutReason() {
        return cutReason;
    }
}
