package org.farshore.dataplane.retire;

import java.util.ArrayList;
import java.util.Arrays;
import org.agrona.collections.Int2ObjectHashMap;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Which blocks of a stream's volumes have frames in the journal that the replica does not hold durably yet, or that the
 * version index still prefers to the replica. A chunk of such a block must go through the journal too (G1): written straight
 * to the replica it would be overwritten by an older frame, when that frame is applied or, after a crash, applied again; or
 * a view would show the older frame in its place.
 *
 * <p>Two generations of bits. Marks go into the young one. When the old one is empty, the young one becomes old and
 * remembers the position of the newest frame marked in it; when the replica has durably passed that position, the old one
 * is cleared. A bit therefore stays for at most two checkpoints: too long is safe, too short is not.
 *
 * <p>Bits lie in pages of 1 GiB of volume (32 KiB of memory), made when first needed and reused. One thread, the receiving
 * one; recovery fills it before.
 */
public final class UnappliedBlocks {
    private static final int PAGE_BITS = 18;
    private static final int BLOCKS_PER_PAGE = 1 << PAGE_BITS;
    private static final int WORDS_PER_PAGE = BLOCKS_PER_PAGE / Long.SIZE;
    private static final int PAGES_PER_VOLUME_BITS = 14;
    private static final int PAGES_CLEARED_AT_ONCE = 8;
    /** Stands for a page with every bit set, so that a discard of a whole volume is cheap. */
    private static final long[] ALL = new long[0];

    private static final class Generation {
        final Int2ObjectHashMap<long[]> pages = new Int2ObjectHashMap<>();
        final ArrayList<long[]> used = new ArrayList<>();
        long newestPosition = -1;
        boolean empty = true;
    }

    private final ArrayList<long[]> freePages = new ArrayList<>();
    private Generation young = new Generation();
    private Generation old = new Generation();

    /** Marks the blocks that a frame at {@code position} writes. */
    public void mark(final int volume, final long offset, final long length, final long position) {
        final long firstBlock = offset / StreamLimits.BLOCK_LENGTH;
        final long endBlock = (offset + length - 1) / StreamLimits.BLOCK_LENGTH + 1;
        long block = firstBlock;
        while (block < endBlock) {
            final int inPage = (int) (block & (BLOCKS_PER_PAGE - 1));
            final int count = (int) Math.min(endBlock - block, BLOCKS_PER_PAGE - inPage);
            markInPage(pageKey(volume, block), inPage, count);
            block += count;
        }
        young.newestPosition = position;
        young.empty = false;
    }

    private void markInPage(final int key, final int from, final int count) {
        long[] page = young.pages.get(key);
        if (count == BLOCKS_PER_PAGE) {
            young.pages.put(key, ALL);
            return;
        }
        if (page == null) {
            page = freePages.isEmpty() ? new long[WORDS_PER_PAGE] : freePages.remove(freePages.size() - 1);
            young.pages.put(key, page);
            young.used.add(page);
        }
        if (page.length == 0) {
            return;
        }
        for (int i = from; i < from + count; i++) {
            page[i >> 6] |= 1L << i;
        }
    }

    /** True when any block of the range may have a frame that the replica does not hold durably. */
    public boolean isMarked(final int volume, final long offset, final long length) {
        return (!young.empty && isMarked(young, volume, offset, length))
                || (!old.empty && isMarked(old, volume, offset, length));
    }

    private static boolean isMarked(
            final Generation generation, final int volume, final long offset, final long length) {
        final long endBlock = (offset + length - 1) / StreamLimits.BLOCK_LENGTH + 1;
        long block = offset / StreamLimits.BLOCK_LENGTH;
        while (block < endBlock) {
            final int inPage = (int) (block & (BLOCKS_PER_PAGE - 1));
            final int count = (int) Math.min(endBlock - block, BLOCKS_PER_PAGE - inPage);
            if (isMarkedInPage(generation.pages.get(pageKey(volume, block)), inPage, count)) {
                return true;
            }
            block += count;
        }
        return false;
    }

    private static boolean isMarkedInPage(final long[] page, final int from, final int count) {
        if (page == null) {
            return false;
        }
        if (page.length == 0) {
            return true;
        }
        int i = from;
        final int end = from + count;
        while (i < end) {
            if ((i & 63) == 0 && page[i >> 6] == 0) {
                i += Long.SIZE;
            } else if ((page[i >> 6] & 1L << i) != 0) {
                return true;
            } else {
                i++;
            }
        }
        return false;
    }

    /**
     * Lets bits go, a bounded number of pages at a time.
     *
     * @param appliedPosition frames below are in the replica, synced, will not be applied again, and have no live version.
     * @return work done.
     */
    public int doWork(final long appliedPosition) {
        if (!old.empty) {
            return appliedPosition > old.newestPosition ? clearOld() : 0;
        }
        if (young.empty) {
            return 0;
        }
        final Generation swap = old;
        old = young;
        young = swap;
        return 1;
    }

    private int clearOld() {
        if (!old.pages.isEmpty()) {
            old.pages.clear();
        }
        for (int i = 0; i < PAGES_CLEARED_AT_ONCE && !old.used.isEmpty(); i++) {
            final long[] page = old.used.remove(old.used.size() - 1);
            Arrays.fill(page, 0);
            freePages.add(page);
        }
        if (old.used.isEmpty()) {
            old.empty = true;
            old.newestPosition = -1;
        }
        return 1;
    }

    private static int pageKey(final int volume, final long block) {
        return volume << PAGES_PER_VOLUME_BITS | (int) (block >> PAGE_BITS);
    }
}
