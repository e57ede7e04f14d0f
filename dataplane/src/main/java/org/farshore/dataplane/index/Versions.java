package org.farshore.dataplane.index;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Everything that a lookup touches, as one object: after damage the index builds another one and puts it in this one's
 * place. Fields are published with volatile stores in this order: entry, slot of the map, newest. So who has seen
 * {@link #newest} sees all versions up to there.
 */
final class Versions {
    private final VersionFiles files;
    private final ReaderEpochs epochs;
    private final int stream;
    private volatile VolumeVersions[] volumes = {};
    private volatile List<LostJournal> lost = List.of();
    private volatile long newest;
    private volatile long horizon;

    Versions(final VersionFiles files, final ReaderEpochs epochs, final int stream) {
        this.files = files;
        this.epochs = epochs;
        this.stream = stream;
    }

    VersionFiles files() {
        return files;
    }

    /** What the pages of this stream are marked with. */
    int stream() {
        return stream;
    }

    /** Any thread: the newest id; 0 when nothing is loaded. */
    long newest() {
        return newest;
    }

    /** Writer. */
    void newest(final long id) {
        newest = id;
    }

    /** Any thread: journal whose versions are missing; there before anything that was appended behind it. */
    List<LostJournal> lost() {
        return lost;
    }

    /** Writer. */
    void addLost(final LostJournal range) {
        final List<LostJournal> more = new ArrayList<>(lost);
        more.add(range);
        lost = List.copyOf(more);
    }

    /** Any thread: ids up to here are retired, the base copy has their bytes. */
    long horizon() {
        return horizon;
    }

    /** Writer. */
    void horizon(final long id) {
        horizon = id;
    }

    /** Any thread: what is known of a volume, or null. */
    VolumeVersions find(final int volume) {
        for (final VolumeVersions known : volumes) {
            if (known.number() == volume) {
                return known;
            }
        }
        return null;
    }

    /** Writer. */
    VolumeVersions findOrAdd(final int volume) {
        final VolumeVersions known = find(volume);
        if (known != null) {
            return known;
        }
        final VolumeVersions added = new VolumeVersions(volume, epochs);
        final VolumeVersions[] more = Arrays.copyOf(volumes, volumes.length + 1);
        more[volumes.length] = added;
        volumes = more;
        return added;
    }

    VolumeVersions[] volumes() {
        return volumes;
    }

    /** Writer: nothing of this is published any more. */
    void retireAll() {
        for (final VolumeVersions volume : volumes) {
            volume.retireAll();
        }
        files.retireAll();
    }

    /** Writer: memory of the maps, outside the heap. */
    long mapBytes() {
        long bytes = 0;
        for (final VolumeVersions volume : volumes) {
            bytes += volume.blocks().bytes() + volume.coarse().bytes();
        }
        return bytes;
    }
}
