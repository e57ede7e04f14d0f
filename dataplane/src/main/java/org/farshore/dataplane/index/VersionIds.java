package org.farshore.dataplane.index;

/**
 * Arithmetic of version ids. An id is a place, <i>file number · 2<sup>18</sup> + slot</i>, and at the same time an age: it
 * only ever grows, so that "is this version newer than that moment" is one comparison of two numbers.
 *
 * <p>The first slot of every page holds the page's header and is nobody's id. So no id is a multiple of 128, none has 32 low
 * bits of zero, and the low 32 bits alone can stand for an id, with 0 for none, while fewer than 16,383 files live.
 */
public final class VersionIds {
    /** No version: the base copy has the bytes. */
    public static final long NONE = 0;

    static final int SLOT_LENGTH = 32;
    static final int SLOTS_PER_PAGE = 128;
    static final int PAGE_LENGTH = SLOTS_PER_PAGE * SLOT_LENGTH;
    static final int PAGES_PER_FILE_MAX = 2048;
    static final int SLOTS_PER_FILE_MAX = PAGES_PER_FILE_MAX * SLOTS_PER_PAGE;
    /** Most files whose ids may be alive at once. */
    static final int FILES_MAX = (1 << 14) - 1;

    private static final int SLOT_BITS = 18;
    private static final long LOW_BITS = 0xFFFF_FFFFL;
    /** A reader may meet an id a little newer than the newest that it knows of. */
    private static final long SLACK = 1 << SLOT_BITS;

    private VersionIds() {}

    static long of(final long file, final int slot) {
        return (file << SLOT_BITS) + slot;
    }

    static long fileOf(final long id) {
        return id >>> SLOT_BITS;
    }

    static int slotOf(final long id) {
        return (int) id & (SLOTS_PER_FILE_MAX - 1);
    }

    /** The id that the header of the page would have. */
    static long pageOf(final long id) {
        return id & -SLOTS_PER_PAGE;
    }

    static int offsetInFile(final long id) {
        return slotOf(id) * SLOT_LENGTH;
    }

    static int offsetInPage(final long id) {
        return ((int) id & (SLOTS_PER_PAGE - 1)) * SLOT_LENGTH;
    }

    /** The living id with these low bits; {@code newest} is about the newest one. */
    static long expand(final int low, final long newest) {
        final long limit = newest + SLACK;
        final long id = (limit & ~LOW_BITS) | (low & LOW_BITS);
        return id > limit ? id - (LOW_BITS + 1) : id;
    }
}
