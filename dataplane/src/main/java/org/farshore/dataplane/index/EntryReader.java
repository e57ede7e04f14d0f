package org.farshore.dataplane.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds the entry of an id: in memory as a rule, else in a page from the disk, which is checked once and kept in a small
 * cache of its owner. Nothing of a page that fails its check is ever looked at. Pages on the disk alone never change, so the
 * cache needs no invalidation but at {@link #use}. One thread; a reader's calls lie inside an epoch.
 */
final class EntryReader {
    private final ByteBuffer bytes;
    private final UnsafeBuffer cache;
    private final long[] cachedPages;
    private final VersionEntryFlyweight entry = new VersionEntryFlyweight();
    private Versions versions;
    private VersionFile[] live;
    private VersionFile[] later;
    private DirectBuffer page;
    private int pageOffset;
    private long pagesRead;

    /** @param pages size of the cache, a power of two. */
    EntryReader(final int pages) {
        cachedPages = new long[BitUtil.findNextPositivePowerOfTwo(pages)];
        bytes = ByteBuffer.allocateDirect(cachedPages.length * VersionIds.PAGE_LENGTH);
        cache = new UnsafeBuffer(bytes);
    }

    /** From now on entries are those of {@code newVersions}, in the files that are alive now or come later. */
    void use(final Versions newVersions) {
        if (versions != newVersions) {
            versions = newVersions;
            Arrays.fill(cachedPages, VersionIds.NONE);
        }
        live = newVersions.files().live();
        later = live;
    }

    /**
     * The entry of an id that was above the horizon when the question began, and is not above the newest.
     *
     * @return null when the horizon has passed it meanwhile and its file is gone.
     * @throws IndexDamageException when its page is not what was written.
     */
    VersionEntryFlyweight entry(final long id) {
        return page(id) ? entry.wrap(page, pageOffset + VersionIds.offsetInPage(id)) : null;
    }

    /** The position of the frame that the entry found last is of. */
    long position() {
        return VersionPage.basePosition(page, pageOffset) + entry.positionDelta();
    }

    private boolean page(final long id) {
        final VersionFile file = file(id);
        if (file == null) {
            return false;
        }
        final UnsafeBuffer resident = file.resident();
        if (resident != null) {
            page = resident;
            pageOffset = VersionIds.offsetInFile(VersionIds.pageOf(id));
        } else {
            cachedPage(file, VersionIds.pageOf(id));
        }
        return true;
    }

    /**
     * A file that is dropped meanwhile stays in the array that was taken at first, and open until this reader has passed; one
     * that came since is in a later array. One that came and went between the two is in neither: its versions are retired.
     */
    private VersionFile file(final long id) {
        final long number = VersionIds.fileOf(id);
        VersionFile file = VersionFiles.find(live, number);
        if (file == null) {
            file = VersionFiles.find(later, number);
        }
        if (file == null) {
            later = versions.files().live();
            file = VersionFiles.find(later, number);
        }
        if (file == null && id > versions.horizon()) {
            throw new IndexDamageException(
                    id,
                    "version " + id + " lies in no file of " + versions.files().directory());
        }
        return file;
    }

    private void cachedPage(final VersionFile file, final long pageId) {
        final int place = (int) (pageId / VersionIds.SLOTS_PER_PAGE) & cachedPages.length - 1;
        page = cache;
        pageOffset = place * VersionIds.PAGE_LENGTH;
        if (cachedPages[place] == pageId) {
            return;
        }
        cachedPages[place] = VersionIds.NONE;
        pagesRead++;
        try {
            file.readPage(
                    VersionIds.slotOf(pageId) / VersionIds.SLOTS_PER_PAGE,
                    bytes.clear().position(pageOffset).limit(pageOffset + VersionIds.PAGE_LENGTH));
        } catch (final IOException e) {
            throw new IndexDamageException(pageId, "cannot read " + file.path() + ": " + e.getMessage());
        }
        if (!VersionPage.isValid(cache, pageOffset, pageId, versions.stream())) {
            throw new IndexDamageException(
                    pageId,
                    "page " + VersionIds.slotOf(pageId) / VersionIds.SLOTS_PER_PAGE + " of " + file.path()
                            + " is damaged");
        }
        cachedPages[place] = pageId;
    }

    /** Pages read from the disk so far. */
    long pagesRead() {
        return pagesRead;
    }

    void close() {
        BufferUtil.free(bytes);
    }
}
