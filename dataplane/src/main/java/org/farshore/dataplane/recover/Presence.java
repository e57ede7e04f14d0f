package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import org.agrona.BufferUtil;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Which blocks an overlay holds: pages of {@link PresenceFile}, read when first asked for, at most {@link #PAGES_MAX} of them
 * in memory. Pages with changes stay until they were written; there are at most {@link #DIRTY_PAGES_MAX} of those, so that
 * one writing of all of them is bounded too. Of pages that were found never written one bit is kept instead, so that reading
 * all over a large volume that has few changes asks the disk once per 63 MiB.
 *
 * <p>Writing has three steps, because writers go on meanwhile: {@link #freeze} copies all changed pages as they stand,
 * {@link #writeFrozen} puts the copies on the disk, {@link #thaw} takes note of how it ended. What changes in between makes a
 * page dirty again.
 *
 * <p>Every method is synchronized and short, except that a page which is not in memory is read under the monitor, and that
 * {@link #writeFrozen} takes no monitor: one thread at a time may be between freeze and thaw.
 */
final class Presence implements AutoCloseable {
    /** The overlay knows nothing of the block: it is what it was at the moment of the view. */
    static final int ABSENT = 0;
    /** The overlay's data file holds the block. */
    static final int PRESENT = 1;
    /** The block is zeros; the data file is not asked. */
    static final int ZERO = 2;
    /** Pages in memory: 4 MiB of bits, which tell of 63 GiB of volume. */
    static final int PAGES_MAX = 1024;
    /** Pages changed and not written: a write that would change more needs a flush before. */
    static final int DIRTY_PAGES_MAX = 128;

    private final PresenceFile file;
    private final Int2ObjectHashMap<PresencePage> pages = new Int2ObjectHashMap<>();
    private final ArrayList<PresencePage> clock = new ArrayList<>();
    private final ArrayList<PresencePage> dirty = new ArrayList<>();
    private final ArrayList<PresencePage> frozen = new ArrayList<>();
    private final ByteBuffer images =
            BufferUtil.allocateDirectAligned(DIRTY_PAGES_MAX * PresencePage.LENGTH, PresencePage.LENGTH);
    private final UnsafeBuffer imagesBuffer = new UnsafeBuffer(images);
    private final BitSet empty;
    private int hand;

    /**
     * Starts without any page.
     *
     * @param isNew nothing was written to the file yet, and nothing needs to be read.
     */
    Presence(final PresenceFile file, final int pageCount, final boolean isNew) {
        this.file = file;
        empty = new BitSet(pageCount);
        empty.set(0, isNew ? pageCount : 0);
    }

    /** State of a block. */
    synchronized int state(final long block) throws IOException {
        final PresencePage page = page(pageOf(block));
        return page == null ? ABSENT : page.state(blockInPage(block));
    }

    /**
     * First block from {@code from} on that is not known to be in {@code state}, the state of {@code from}; looks no further
     * than {@code end} and, unless that page was never written, the end of the page.
     */
    synchronized long runEnd(final long from, final long end, final int state) throws IOException {
        final int number = pageOf(from);
        if (page(number) == null) {
            return Math.min(end, (long) empty.nextClearBit(number) * PresencePage.BLOCKS);
        }
        final long begin = (long) number * PresencePage.BLOCKS;
        final int endInPage = (int) Math.min(end - begin, PresencePage.BLOCKS);
        return begin + page(number).runEnd(blockInPage(from), endInPage, state);
    }

    /** True when blocks of {@code pageCount} further pages may change without a flush. */
    synchronized boolean hasRoom(final int pageCount) {
        return dirty.size() + pageCount <= DIRTY_PAGES_MAX;
    }

    /** Puts blocks from {@code from} to before {@code end} into a state; not durable before they were written. */
    synchronized void set(final long from, final long end, final int state) throws IOException {
        for (long block = from; block < end; ) {
            final PresencePage page = pageForChange(pageOf(block));
            final int begin = blockInPage(block);
            final int endInPage = (int) Math.min(PresencePage.BLOCKS, begin + end - block);
            if (page.set(begin, endInPage, state) && !page.dirty) {
                page.dirty = true;
                dirty.add(page);
            }
            block += endInPage - begin;
        }
    }

    static int pageOf(final long block) {
        return (int) (block / PresencePage.BLOCKS);
    }

    private static int blockInPage(final long block) {
        return (int) (block % PresencePage.BLOCKS);
    }

    /** The page, or null when it was never written. */
    private PresencePage page(final int number) throws IOException {
        if (empty.get(number)) {
            return null;
        }
        PresencePage page = pages.get(number);
        if (page == null) {
            page = file.load(number);
            if (page.edition == 0 && !page.damaged) {
                empty.set(number);
                return null;
            }
            keep(page);
        }
        if (page.damaged) {
            throw new ViewException(
                    ViewException.Cause.PRESENCE_DAMAGED,
                    (long) number * PresencePage.BLOCKS * ViewOverlay.BLOCK_LENGTH,
                    ViewException.NO_POSITION,
                    "page " + number + " of " + file.name() + " is damaged in all copies: which of "
                            + PresencePage.BLOCKS + " blocks are in the overlay is not known");
        }
        page.used = true;
        return page;
    }

    private PresencePage pageForChange(final int number) throws IOException {
        final PresencePage known = page(number);
        if (known != null) {
            return known;
        }
        final PresencePage page = new PresencePage(number);
        keep(page);
        empty.clear(number);
        return page;
    }

    private void keep(final PresencePage page) {
        if (clock.size() < PAGES_MAX) {
            clock.add(page);
        } else {
            final int slot = evict();
            clock.set(slot, page);
        }
        pages.put(page.number, page);
    }

    /** At most half of the pages are dirty or frozen, so the hand finds one in its second round at the latest. */
    private int evict() {
        while (true) {
            hand = hand + 1 == clock.size() ? 0 : hand + 1;
            final PresencePage page = clock.get(hand);
            if (page.dirty || page.frozen) {
                continue;
            }
            if (!page.used) {
                pages.remove(page.number);
                return hand;
            }
            page.used = false;
        }
    }

    /** Copies every changed page as it stands; returns how many there are. */
    synchronized int freeze() {
        for (int i = 0; i < dirty.size(); i++) {
            final PresencePage page = dirty.get(i);
            file.encode(page, imagesBuffer, i * PresencePage.LENGTH);
            page.dirty = false;
            page.frozen = true;
            frozen.add(page);
        }
        dirty.clear();
        return frozen.size();
    }

    /** Writes the copies to the disk; durable after a sync of the file. */
    void writeFrozen() throws IOException {
        for (int i = 0; i < frozen.size(); i++) {
            final PresencePage page = frozen.get(i);
            final int at = i * PresencePage.LENGTH;
            images.limit(at + PresencePage.LENGTH).position(at);
            file.write(page.number, PresenceFile.nextEdition(page), images);
        }
    }

    /** The copies are durable, or are not: then they are written again next time, under the same edition. */
    synchronized void thaw(final boolean durable) {
        for (final PresencePage page : frozen) {
            page.frozen = false;
            if (durable) {
                page.edition = PresenceFile.nextEdition(page);
                page.twofold = true;
            } else if (!page.dirty) {
                page.dirty = true;
                dirty.add(page);
            }
        }
        frozen.clear();
    }

    void sync() throws IOException {
        file.sync();
    }

    @Override
    public synchronized void close() {
        file.close();
    }
}
