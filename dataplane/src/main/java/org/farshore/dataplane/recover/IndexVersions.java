package org.farshore.dataplane.recover;

import java.util.List;
import org.farshore.dataplane.index.IndexDamageException;
import org.farshore.dataplane.index.LostJournal;
import org.farshore.dataplane.index.MomentException;
import org.farshore.dataplane.index.VersionIndex;
import org.farshore.dataplane.index.VersionReader;

/**
 * {@link Versions} from the version index.
 *
 * <p>The index names a moment by the newest version in it. When retire passes that version, the name may lie below the
 * horizon although the moment does not: nothing was written between. So a moment that the index refuses is asked for anew by
 * its journal position, once.
 *
 * <p>Journal that nobody could read when the index came by has no versions: behind it a block may have an older version
 * and seem whole. So nothing is answered for a moment that lacks such journal, unless the reader wants just what is left.
 */
public final class IndexVersions implements Versions {
    private static final long UNKNOWN = -1;

    /** Says whether a moment lacks journal that was lost; any thread. */
    interface Gaps {
        boolean isLacking(LostJournal range, long position);
    }

    private final VersionReader reader;
    private final Gaps gaps;
    private int volume;
    private long position;
    private int frameEntries;
    private long moment = UNKNOWN;

    /**
     * For one thread.
     *
     * @param volume number of the volume at the point.
     */
    public IndexVersions(final VersionIndex index, final int volume, final RecoveryPoint point) {
        this(index, volume, point.position(), point.frameEntries(), (range, position) -> position > range.from());
    }

    /** The same at a place of the journal: everything below a frame, and so many entries of the batch in it. */
    IndexVersions(
            final VersionIndex index, final int volume, final long position, final int frameEntries, final Gaps gaps) {
        this.reader = index.newReader();
        this.gaps = gaps;
        this.volume = volume;
        this.position = position;
        this.frameEntries = frameEntries;
    }

    /** Goes to another moment, everything below a frame, and perhaps to another volume. */
    void moveTo(final int newVolume, final long newPosition) {
        volume = newVolume;
        position = newPosition;
        frameEntries = 0;
        moment = UNKNOWN;
    }

    @Override
    public void find(final long offset, final long length, final ViewPieces pieces) throws ViewException {
        try {
            if (moment != UNKNOWN) {
                try {
                    read(offset, length, pieces);
                    return;
                } catch (final MomentException e) {
                    pieces.clear();
                }
            }
            moment = reader.momentBefore(position, frameEntries);
            read(offset, length, pieces);
        } catch (final MomentException | IndexDamageException e) {
            throw new ViewException(ViewException.Cause.INDEX, offset, position, e.getMessage());
        }
    }

    /** Looks for gaps afterwards: they are known before anything that is found behind them. */
    private void read(final long offset, final long length, final ViewPieces pieces) throws ViewException {
        reader.read(volume, offset, length, moment, pieces);
        final List<LostJournal> lost = reader.lostJournal();
        for (int i = 0; i < lost.size(); i++) {
            final LostJournal range = lost.get(i);
            if (gaps.isLacking(range, position)) {
                pieces.clear();
                throw new ViewException(
                        ViewException.Cause.FRAME_DAMAGED,
                        offset,
                        range.from(),
                        "journal from " + range.from() + " to " + range.to() + " could not be read, and whether it held"
                                + " bytes at " + offset
                                + " is not known; farshore journal verify names file and offset");
            }
        }
    }

    @Override
    public void close() {
        reader.close();
    }
}
