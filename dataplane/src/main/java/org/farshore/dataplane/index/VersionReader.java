package org.farshore.dataplane.index;

import java.util.List;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Answers questions about the past. Any number of readers, each of one thread, beside the one writer and without a lock:
 * entries never change, the maps hand out one word at a time, and what is dropped stays until every reader has passed
 * ({@link ReaderEpochs}). Allocates nothing.
 *
 * <p>A <em>moment</em> is an id: the state of all volumes with every version up to it. It comes from {@link #momentBefore}.
 * A lookup begins at the newest version of the block and goes back by jumps; it reads at most 3 log<sub>2</sub> n + 8
 * entries of the block's n versions, and as many again for each level of the coarse map that has zeros over it.
 *
 * <p>Damage in a version file raises {@link IndexDamageException}, never another answer; the index then rebuilds itself, and
 * {@link MomentException} is the answer until it has reached the moment again.
 */
public final class VersionReader implements AutoCloseable {
    private static final int CACHE_PAGES = 64;
    private static final int BLOCK_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int SECTOR_LENGTH = StreamLimits.SECTOR_LENGTH;
    private static final int SECTORS_PER_BLOCK = BLOCK_LENGTH / SECTOR_LENGTH;
    private static final int BLOCKS_PER_REGION = (int) (CoarseNodes.REGION_LENGTH / BLOCK_LENGTH);

    private final VersionIndex index;
    private final ReaderEpochs epochs;
    private final ReaderEpochs.Slot slot;
    private final EntryReader entries = new EntryReader(CACHE_PAGES);
    private final PieceMerger merger = new PieceMerger();
    private Versions versions;
    private VolumeVersions volume;
    private long moment;
    private long bound;
    private long coarseRegion;
    private long coarseId;
    private long steps;

    VersionReader(final VersionIndex index, final ReaderEpochs epochs) {
        this.index = index;
        this.epochs = epochs;
        this.slot = epochs.register();
    }

    /**
     * The moment at which all frames that begin below a journal position had taken effect, and nothing else: for a barrier's
     * position, its recovery point.
     *
     * @throws MomentException when the index has not read so far yet, or versions below were retired.
     */
    public long momentBefore(final long journalPosition) {
        return momentBefore(journalPosition, 0);
    }

    /** As {@link #momentBefore(long)}, and the first {@code extents} extents of the batch at the position, too. */
    public long momentBefore(final long journalPosition, final int extents) {
        enter();
        try {
            if (journalPosition > index.indexedPosition()
                    || (extents > 0 && journalPosition == index.indexedPosition())) {
                throw new MomentException("the index stands at journal position " + index.indexedPosition()
                        + ", position " + journalPosition + " comes later");
            }
            final long found = newestBefore(journalPosition, extents);
            if (journalPosition < index.horizonPosition()) {
                throw new MomentException("journal position " + journalPosition + " lies below the horizon");
            }
            return Math.max(versions.horizon(), found);
        } catch (final IndexDamageException e) {
            throw index.damageFound(e);
        } finally {
            epochs.exit(slot);
        }
    }

    /** The newest moment there is. */
    public long newestMoment() {
        return index.versions().newest();
    }

    /**
     * The newest version of a block at a moment: a version of the block, of some of its sectors, or zeros over it.
     *
     * @param block number of the block of 4096 bytes.
     * @return its id, or {@link VersionIds#NONE} when the base copy has the block.
     * @throws MomentException when the moment lies below the horizon, or is not there (yet).
     * @throws IndexDamageException when a page that it needs is damaged.
     */
    public long versionAt(final int volumeNumber, final long block, final long atMoment) {
        enter();
        try {
            if (!lookAt(volumeNumber, atMoment)) {
                return VersionIds.NONE;
            }
            final long fine = newestOf(volume.blocks(), block, false);
            return Math.max(fine, coarseOver(block / BLOCKS_PER_REGION));
        } catch (final IndexDamageException e) {
            throw index.damageFound(e);
        } finally {
            epochs.exit(slot);
        }
    }

    /**
     * Hands out the pieces of which an extent consists at a moment, in order. To iterate over everything that a volume has
     * above its base, as a commit must, ask for the whole volume and leave the base's pieces aside: ranges of 1 GiB without a
     * version cost one step.
     *
     * @param offset and
     * @param length of the extent, bytes, multiples of 512.
     * @throws MomentException when the moment lies below the horizon, or is not there (yet).
     * @throws IndexDamageException when a page that it needs is damaged; pieces were handed out only up to there.
     */
    public void read(
            final int volumeNumber,
            final long offset,
            final long length,
            final long atMoment,
            final PieceHandler handler) {
        if (((offset | length) & SECTOR_LENGTH - 1) != 0
                || offset < 0
                || length < 0
                || offset > StreamLimits.VOLUME_LENGTH_MAX - length) {
            throw new IllegalArgumentException("extent of " + length + " bytes at " + offset);
        }
        enter();
        try {
            merger.begin(handler);
            if (lookAt(volumeNumber, atMoment)) {
                pieces(offset, offset + length);
            } else if (length > 0) {
                merger.base(offset, length);
            }
            merger.end();
        } catch (final IndexDamageException e) {
            throw index.damageFound(e);
        } finally {
            epochs.exit(slot);
        }
    }

    /** Journal whose versions were missing when {@link #read} was asked last. */
    public List<LostJournal> lostJournal() {
        return versions == null ? List.of() : versions.lost();
    }

    private void enter() {
        epochs.enter(slot);
        versions = index.versions();
        entries.use(versions);
    }

    /** Looks at a volume at a moment; false when nothing is known of it. */
    private boolean lookAt(final int volumeNumber, final long atMoment) {
        final long horizon = versions.horizon();
        if (atMoment < horizon || atMoment > versions.newest() || !index.isReady()) {
            throw new MomentException("moment " + atMoment + " is not between the horizon " + horizon
                    + " and the newest version " + versions.newest()
                    + (index.isReady() ? "" : "; the index is being loaded"));
        }
        volume = versions.find(volumeNumber);
        moment = atMoment;
        bound = volume == null ? horizon : volume.lowerBound(atMoment, horizon);
        coarseRegion = -1;
        return volume != null;
    }

    private void pieces(final long begin, final long end) {
        for (long at = begin; at < end; ) {
            final long block = at / BLOCK_LENGTH;
            if (!volume.hasCoarse() && volume.blocks().isRangeEmpty(block)) {
                final long rangeEnd = ((block | NewestTable.KEYS - 1) + 1) * BLOCK_LENGTH;
                final long count = Math.min(end, rangeEnd) - at;
                merger.base(at, count);
                at += count;
            } else {
                final int sector = (int) (at % BLOCK_LENGTH) / SECTOR_LENGTH;
                final int count = (int) Math.min(SECTORS_PER_BLOCK - sector, (end - at) / SECTOR_LENGTH);
                block(block, sector, count);
                at += (long) count * SECTOR_LENGTH;
            }
        }
    }

    private void block(final long block, final int sector, final int count) {
        final long zeros = coarseOver(block / BLOCKS_PER_REGION);
        final long newest = newestOf(volume.blocks(), block, false);
        final long at = block * BLOCK_LENGTH + (long) sector * SECTOR_LENGTH;
        if (newest <= zeros) {
            baseOrZero(at, count, zeros);
            return;
        }
        final VersionEntryFlyweight entry = entryOf(newest, block, false);
        if (entry == null) {
            baseOrZero(at, count, zeros);
            return;
        }
        if (!entry.isPartial()) {
            versionPiece(entry, at, sector, count);
            return;
        }
        for (int i = sector; i < sector + count; i++) {
            sectorPiece(newest, block, i, zeros);
        }
    }

    /** One sector of a block whose newest version is a part: the resolution says whose bytes are the newest. */
    private void sectorPiece(final long newest, final long block, final int sector, final long zeros) {
        final VersionEntryFlyweight resolving = entryOf(newest, block, false);
        final int low = resolving == null ? 0 : resolving.resolution(sector);
        final long id = low == 0 ? VersionIds.NONE : VersionIds.expand(low, versions.newest());
        final long at = block * BLOCK_LENGTH + (long) sector * SECTOR_LENGTH;
        if (id > newest) {
            throw new IndexDamageException(newest, "version " + newest + " names a newer one, " + id);
        }
        final VersionEntryFlyweight entry = id <= bound || id <= zeros ? null : entryOf(id, block, false);
        if (entry == null) {
            baseOrZero(at, 1, zeros);
        } else {
            versionPiece(entry, at, sector, 1);
        }
    }

    private void baseOrZero(final long at, final int count, final long zeros) {
        if (zeros == VersionIds.NONE) {
            merger.base(at, (long) count * SECTOR_LENGTH);
        } else {
            merger.zero(at, (long) count * SECTOR_LENGTH);
        }
    }

    private void versionPiece(final VersionEntryFlyweight entry, final long at, final int sector, final int count) {
        if (entry.kind() == VersionEntryFlyweight.KIND_WRITE) {
            final int first = Integer.numberOfTrailingZeros(entry.mask());
            final int payloadOffset = (entry.payloadSector() + sector - first) * SECTOR_LENGTH;
            merger.journal(at, (long) count * SECTOR_LENGTH, entries.position(), payloadOffset);
        } else {
            merger.zero(at, (long) count * SECTOR_LENGTH);
        }
    }

    /** The newest zeros of the coarse map over a region, or none; remembered for the region's other blocks. */
    private long coarseOver(final long region) {
        if (!volume.hasCoarse()) {
            return VersionIds.NONE;
        }
        if (region != coarseRegion) {
            coarseId = VersionIds.NONE;
            for (int level = 0; level < CoarseNodes.LEVELS; level++) {
                final long node = CoarseNodes.node(level, region);
                coarseId = Math.max(coarseId, newestOf(volume.coarse(), node, true));
            }
            coarseRegion = region;
        }
        return coarseId;
    }

    /** Goes back from the newest version of a block, or node, to the newest at the moment. */
    private long newestOf(final NewestMap map, final long key, final boolean coarse) {
        final int low = map.get(key);
        if (low == 0) {
            return VersionIds.NONE;
        }
        long id = VersionIds.expand(low, versions.newest());
        while (id > moment) {
            final VersionEntryFlyweight entry = entryOf(id, key, coarse);
            if (entry == null) {
                throw belowHorizon();
            }
            final long previous = entry.previous();
            final long jump = entry.jump();
            if (previous >= id || jump > previous) {
                throw new IndexDamageException(id, "version " + id + " names a past that is not older");
            }
            id = jump > moment ? jump : previous;
        }
        return id > bound ? id : VersionIds.NONE;
    }

    private MomentException belowHorizon() {
        return new MomentException("the horizon " + versions.horizon() + " has passed moment " + moment);
    }

    /**
     * An entry of a chain; that it is of this block is checked at every step. Null when the horizon has passed it during this
     * very question, and the base copy has its bytes.
     */
    private VersionEntryFlyweight entryOf(final long id, final long key, final boolean coarse) {
        steps++;
        final VersionEntryFlyweight entry = entries.entry(id);
        if (entry == null) {
            return null;
        }
        if (entry.block() != key
                || entry.volume() != volume.number()
                || entry.isCoarse() != coarse
                || entry.isBlockVersion() == coarse) {
            throw new IndexDamageException(id, "version " + id + " is not of block " + key);
        }
        return entry;
    }

    /** The newest id whose frame begins below the position, or is among the first extents of the one that begins there. */
    private long newestBefore(final long position, final int extents) {
        final VersionFile[] live = versions.files().live();
        final long newest = versions.newest();
        int low = 0;
        int high = live.length - 1;
        while (low < high) {
            final int middle = (low + high + 1) >>> 1;
            final long first = VersionIds.of(live[middle].number(), 0);
            if (beginsBefore(first, position, extents, newest)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return live.length == 0 ? VersionIds.NONE : newestInFile(live[low].number(), position, extents, newest);
    }

    private long newestInFile(final long number, final long position, final int extents, final long newest) {
        final int pages = versions.files().pagesPerFile();
        int low = 0;
        int high = pages - 1;
        while (low < high) {
            final int middle = (low + high + 1) >>> 1;
            final long page = VersionIds.of(number, middle * VersionIds.SLOTS_PER_PAGE);
            if (beginsBefore(page, position, extents, newest)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        final long page = VersionIds.of(number, low * VersionIds.SLOTS_PER_PAGE);
        return newestInPage(page, position, extents, newest);
    }

    /** True when the first entry of a page is before the position and extent. */
    private boolean beginsBefore(final long page, final long position, final int extents, final long newest) {
        if (page >= newest) {
            return false;
        }
        final VersionEntryFlyweight entry = entries.entry(page + 1);
        if (entry == null) {
            return true;
        }
        final int extent = entry.extent();
        final long at = entries.position();
        return at < position || (at == position && extent < extents);
    }

    /** The last entry of a page that is before the position and extent; the page's header when none is. */
    private long newestInPage(final long page, final long position, final int extents, final long newest) {
        long found = page;
        for (long id = page + 1; id <= newest && id < page + VersionIds.SLOTS_PER_PAGE; ) {
            final VersionEntryFlyweight entry = entries.entry(id);
            if (entry == null || entry.kind() == VersionEntryFlyweight.KIND_NONE) {
                break;
            }
            final long at = entries.position();
            if (at > position || (at == position && entry.extent() >= extents)) {
                break;
            }
            found = id;
            id += entry.slots();
        }
        return found;
    }

    /** Entries looked at since this reader was made. */
    public long steps() {
        return steps;
    }

    /** Pages read from version files since this reader was made. */
    public long pagesRead() {
        return entries.pagesRead();
    }

    @Override
    public void close() {
        epochs.unregister(slot);
        entries.close();
    }
}
