package org.farshore.dataplane.recover;

import org.farshore.dataplane.index.IndexDamageException;
import org.farshore.dataplane.index.MomentException;
import org.farshore.dataplane.index.VersionIndex;
import org.farshore.dataplane.index.VersionReader;

/**
 * {@link Versions} from the version index.
 *
 * <p>The index names a moment by the newest version in it. When retire passes that version, the name may lie below the
 * horizon although the moment does not: nothing was written between. So a moment that the index refuses is asked for anew by
 * its journal position, once.
 */
public final class IndexVersions implements Versions {
    private static final long UNKNOWN = -1;

    private final VersionReader reader;
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
        this(index, volume, point.position(), point.frameEntries());
    }

    /** The same at a place of the journal: everything below a frame, and so many entries of the batch in it. */
    IndexVersions(final VersionIndex index, final int volume, final long position, final int frameEntries) {
        this.reader = index.newReader();
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
                    reader.read(volume, offset, length, moment, pieces);
                    return;
                } catch (final MomentException e) {
                    pieces.clear();
                }
            }
            moment = reader.momentBefore(position, frameEntries);
            reader.read(volume, offset, length, moment, pieces);
        } catch (final MomentException | IndexDamageException e) {
            throw new ViewException(ViewException.Cause.INDEX, offset, position, e.getMessage());
        }
    }

    @Override
    public void close() {
        reader.close();
    }
}
