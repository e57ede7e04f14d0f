package org.farshore.dataplane.index;

import java.io.IOException;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Appends versions, each linked to the past of its block.
 *
 * <h2>The jump rule</h2>
 * The chain of a block is a skew-binary list. A version names the one before it, p, and one farther back: when the jump of p
 * and the jump that follows it span the same, one jump over both (and p itself), else just p. So spans are 2<sup>k</sup> - 1,
 * only the exponent k is stored, and any version in the past is found in fewer than 3 log<sub>2</sub> n steps: jump while
 * that does not go beyond the moment, else take one step. Nothing that was written is ever changed.
 *
 * <p>An id at or below the horizon counts as none: <em>its entry may be gone, and is never read</em>. A jump that would
 * lead there becomes a step to p with exponent 1. The chain above the horizon stays whole, at the price of a few steps.
 *
 * <h2>Parts of blocks</h2>
 * A version of some sectors says in its resolution slot, for all eight, whose bytes are the newest: its own where the mask
 * has the sector, else p where p is a whole block, else what p says. One look at p when it is appended replaces a walk to the
 * last whole version when it is read.
 *
 * <p>Writer's thread. Nothing is allocated, but at the begin of a file.
 */
final class VersionAppender {
    private static final int WRITER_CACHE_PAGES = 1024;

    private final Versions versions;
    private final VersionFiles files;
    private final EntryReader entries;
    private final SegmentMarks marks;
    private final int slotsPerFile;
    private final int[] resolution = new int[8];
    private VersionFile file;
    private UnsafeBuffer pages;
    private long nextId;
    private long pageBasePosition;
    private boolean pageOpen;
    private int previousChecksum;
    private int entryOffset;
    private long sweptHorizon;

    VersionAppender(final Versions versions, final SegmentMarks marks) {
        this.versions = versions;
        this.marks = marks;
        this.files = versions.files();
        this.entries = new EntryReader(WRITER_CACHE_PAGES);
        this.slotsPerFile = files.pagesPerFile() * VersionIds.SLOTS_PER_PAGE;
        entries.use(versions);
    }

    /** Begins with an empty file of this number. */
    void beginEmpty(final long number) {
        nextId = VersionIds.of(number, 0);
        versions.horizon(nextId);
        versions.newest(nextId);
        sweptHorizon = nextId;
        pageOpen = false;
    }

    /**
     * Goes on behind {@code newest} in the newest file that is open; what its page holds behind is forgotten.
     *
     * @param slots of the newest entry.
     * @param pageWhole true when its page is sealed and nothing of it is forgotten.
     * @param chainChecksum checksum of the last whole page.
     */
    void goOnBehind(final long newest, final int slots, final boolean pageWhole, final int chainChecksum) {
        file = files.find(VersionIds.fileOf(newest));
        pages = file.resident();
        final long pageId = VersionIds.pageOf(newest);
        final int page = VersionIds.offsetInFile(pageId);
        previousChecksum = chainChecksum;
        pageOpen = !pageWhole;
        nextId = newest + slots;
        if (pageOpen) {
            pageBasePosition = VersionPage.basePosition(pages, page);
            VersionPage.cut(pages, page, (int) (nextId - pageId));
            file.markWritten(page / VersionIds.PAGE_LENGTH);
        } else {
            goBehindPage(pageId);
            file.markWritten(page / VersionIds.PAGE_LENGTH + 1);
        }
        versions.newest(newest);
        sweptHorizon = versions.horizon();
    }

    private void goBehindPage(final long pageId) {
        final boolean lastOfFile = VersionIds.slotOf(pageId) + VersionIds.SLOTS_PER_PAGE == slotsPerFile;
        nextId = lastOfFile ? VersionIds.of(VersionIds.fileOf(pageId) + 1, 0) : pageId + VersionIds.SLOTS_PER_PAGE;
    }

    private static int slotInPage(final long id) {
        return (int) id & (VersionIds.SLOTS_PER_PAGE - 1);
    }

    /** Everything at or below is out of the maps, too. */
    void sweptTo(final long horizon) {
        sweptHorizon = horizon;
    }

    /** False when ids would no longer be told apart by their low bits: retention must go on first. */
    boolean hasRoom() {
        return VersionIds.fileOf(nextId) - VersionIds.fileOf(sweptHorizon) < VersionIds.FILES_MAX - 1;
    }

    /** Appends a version of a block, or of some of its sectors. */
    void block(
            final VolumeVersions volume,
            final long position,
            final int extent,
            final int kind,
            final long block,
            final int mask,
            final int payloadSector) {
        final long previous = expand(volume.blocks().get(block), versions.horizon());
        final boolean partial = mask != VersionEntryFlyweight.WHOLE;
        if (partial) {
            resolve(previous, volume.lowerBound(Long.MAX_VALUE, versions.horizon()));
        }
        final long id = allocate(partial ? 2 : 1, position, extent);
        VersionEntryFlyweight.putWhat(pages, entryOffset, volume.number(), kind, block, mask, payloadSector);
        for (int sector = 0; partial && sector < 8; sector++) {
            final boolean own = (mask >> sector & 1) != 0;
            VersionEntryFlyweight.putResolution(pages, entryOffset, sector, own ? id : resolution[sector]);
        }
        link(previous);
        marks.count(kind == VersionEntryFlyweight.KIND_WRITE ? Integer.bitCount(mask) : 0);
        volume.blocks().put(block, id, versions.horizon());
        versions.newest(id);
    }

    /** Appends a version of a coarse node: zeros. */
    void coarse(final VolumeVersions volume, final long position, final int extent, final int kind, final long node) {
        final long previous = expand(volume.coarse().get(node), versions.horizon());
        final long id = allocate(1, position, extent);
        VersionEntryFlyweight.putWhat(pages, entryOffset, volume.number(), kind, node, VersionEntryFlyweight.WHOLE, 0);
        link(previous);
        marks.count(0);
        volume.putCoarse(node, id, versions.horizon());
        versions.newest(id);
    }

    /** Appends the end of a volume. */
    void removed(final VolumeVersions volume, final long position) {
        final long id = allocate(1, position, 0);
        VersionEntryFlyweight.putWhat(pages, entryOffset, volume.number(), VersionEntryFlyweight.KIND_REMOVED, 0, 0, 0);
        VersionEntryFlyweight.putPast(pages, entryOffset, 0, VersionIds.NONE, VersionIds.NONE);
        volume.removed(id, versions.horizon());
        versions.newest(id);
    }

    /** Appends a hole in the journal, at a position not before that of the last entry; returns its id. */
    long damage(final long position, final long from, final long to) {
        final long id = allocate(1, position, 0);
        VersionEntryFlyweight.putWhat(pages, entryOffset, 0, VersionEntryFlyweight.KIND_DAMAGE, 0, 0, 0);
        VersionEntryFlyweight.putPast(pages, entryOffset, 0, from, to);
        versions.newest(id);
        return id;
    }

    private long expand(final int low, final long bound) {
        final long id = low == 0 ? VersionIds.NONE : VersionIds.expand(low, versions.newest());
        return id > bound ? id : VersionIds.NONE;
    }

    /** What the version before says of all eight sectors; one below the bound says nothing (another volume's, perhaps). */
    private void resolve(final long previous, final long bound) {
        final VersionEntryFlyweight before = previous <= bound ? null : entries.entry(previous);
        for (int sector = 0; sector < 8; sector++) {
            long id = VersionIds.NONE;
            if (before != null) {
                id = before.isPartial() ? expand(before.resolution(sector), bound) : previous;
            }
            resolution[sector] = (int) id;
        }
    }

    private void link(final long previous) {
        final long bound = versions.horizon();
        long jump = previous;
        int exponent = previous == VersionIds.NONE ? 0 : 1;
        if (previous != VersionIds.NONE) {
            final VersionEntryFlyweight before = entries.entry(previous);
            final int exponentBefore = before.exponent();
            final long jumpBefore = before.jump();
            if (jumpBefore > bound) {
                final VersionEntryFlyweight beyond = entries.entry(jumpBefore);
                if (beyond.exponent() == exponentBefore && beyond.jump() > bound) {
                    jump = beyond.jump();
                    exponent = exponentBefore + 1;
                }
            }
        }
        VersionEntryFlyweight.putPast(pages, entryOffset, exponent, previous, jump);
    }

    /** Takes slots next to each other in one page, and says where the entry's frame is. */
    private long allocate(final int slots, final long position, final int extent) {
        if (pageOpen
                && (slotInPage(nextId) == 0
                        || slotInPage(nextId) + slots > VersionIds.SLOTS_PER_PAGE
                        || position - pageBasePosition > VersionEntryFlyweight.DELTA_MAX)) {
            sealPage();
        }
        if (!pageOpen) {
            beginPage(position);
        }
        if (position < pageBasePosition) {
            throw new FarshoreException(
                    ExitCode.INVARIANT, "version at " + position + " after one at " + pageBasePosition);
        }
        final long id = nextId;
        nextId += slots;
        marks.note(position, id);
        entryOffset = VersionIds.offsetInFile(id);
        VersionEntryFlyweight.putWhere(pages, entryOffset, position - pageBasePosition, extent);
        return id;
    }

    private void beginPage(final long position) {
        if (file == null || VersionIds.fileOf(nextId) != file.number()) {
            beginFile();
        }
        VersionPage.begin(
                pages, VersionIds.offsetInFile(nextId), nextId, position, versions.stream(), previousChecksum);
        pageBasePosition = position;
        pageOpen = true;
        nextId++;
    }

    private void beginFile() {
        try {
            file = files.next(VersionIds.fileOf(nextId));
        } catch (final IOException e) {
            throw storage("cannot begin version file " + VersionIds.fileOf(nextId), e);
        }
        pages = file.resident();
    }

    /** The page that {@link #nextId} follows is full. */
    private void sealPage() {
        final long pageId = VersionIds.pageOf(nextId - 1);
        final int page = VersionIds.offsetInFile(pageId);
        previousChecksum = VersionPage.finish(pages, page, (int) (nextId - pageId), true);
        pageOpen = false;
        goBehindPage(pageId);
        if (VersionIds.slotOf(nextId) == 0) {
            write(files.pagesPerFile(), files.pagesPerFile());
        }
    }

    /** Makes everything appended durable in its file; the checkpoint that says so comes after. */
    void sync() {
        if (file == null || (!pageOpen && VersionIds.slotOf(nextId) == 0)) {
            return;
        }
        int pageCount = VersionIds.slotOf(nextId - 1) / VersionIds.SLOTS_PER_PAGE + 1;
        int full = pageCount;
        if (pageOpen) {
            final long pageId = VersionIds.pageOf(nextId - 1);
            VersionPage.finish(pages, VersionIds.offsetInFile(pageId), (int) (nextId - pageId), false);
            full--;
        }
        write(pageCount, full);
    }

    private void write(final int pageCount, final int full) {
        try {
            file.writeAndSync(pageCount, full);
        } catch (final IOException e) {
            throw storage("cannot write version file " + file.path(), e);
        }
    }

    private static FarshoreException storage(final String what, final IOException cause) {
        return new FarshoreException(ExitCode.STORAGE, what + ": " + cause.getMessage(), cause);
    }

    /** Slots that are left in the file being filled. */
    int slotsLeft() {
        return file == null || VersionIds.slotOf(nextId) == 0 ? 0 : slotsPerFile - VersionIds.slotOf(nextId);
    }

    void close() {
        entries.close();
    }
}
