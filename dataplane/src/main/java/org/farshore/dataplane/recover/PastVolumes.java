package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.index.LostJournal;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** Opens the volumes of one stream as they were: views of points, and the past that comparisons look at. Any thread. */
public final class PastVolumes {
    private final StreamHistory history;
    private final HistoryContext context;
    private final HistoryDamage damage;
    private final Journal journal;
    private final BlockFiles files;
    private final AtomicCounter readErrors;
    private final AtomicCounter viewsFull;
    private final Map<UUID, Path> bases = new ConcurrentHashMap<>();
    private DecodedFrames frames;

    PastVolumes(final StreamHistory history, final HistoryContext context, final HistoryDamage damage) {
        this.history = history;
        this.context = context;
        this.damage = damage;
        this.journal = context.journal();
        this.files = context.journalContext().files();
        readErrors = context.counters().newCounter(ReplicationCounter.VIEW_READ_ERRORS, context.machine());
        viewsFull = context.counters().newCounter(ReplicationCounter.VIEWS_FULL, context.machine());
    }

    /** Where the base copy of a volume lies. */
    public void base(final UUID volume, final Path replica) {
        bases.put(volume, replica);
    }

    /** True when a point of an earlier life was lost with the end of the journal: other records lie there now, or will. */
    public boolean isLost(final RecoveryPoint point) {
        return point.position() > journal.recovered().endPosition();
    }

    /**
     * Opens a volume as it was at a point; nothing is read but a header of the overlay.
     *
     * @param overlayOrNull file name, without suffix, of the overlay in an existing directory: opened if it is there, made
     *     if not. Null for a view that cannot be written.
     * @throws ViewException WITHDRAWN when retire has passed the point; otherwise what is wrong with the overlay.
     * @throws IllegalArgumentException when the point does not name the volume.
     */
    public RecoveryView openView(final RecoveryPoint point, final UUID volume, final Path overlayOrNull)
            throws ViewException {
        final RecoveryPoint.PointVolume at = point.volumes().stream()
                .filter(one -> one.uuid().equals(volume))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("point " + point.sequence() + " does not name volume " + volume));
        final String holder = "view of volume " + volume + " at point " + point.sequence();
        final boolean isGone = history.policy().isOff() || damage.isWithdrawn(point.position());
        final ViewLeases.Lease lease = isGone ? null : history.leases().hold(point.heldPosition(), holder);
        if (lease == null) {
            throw new ViewException(
                    ViewException.Cause.WITHDRAWN,
                    0,
                    point.position(),
                    history.policy().isOff()
                            ? "the retention window is 0: no point is kept"
                            : "point " + point.sequence() + " was withdrawn");
        }
        try {
            return openView(at, point.position(), point.frameEntries(), overlayOrNull, lease);
        } catch (final ViewException | RuntimeException e) {
            lease.close();
            throw e;
        }
    }

    private RecoveryView openView(
            final RecoveryPoint.PointVolume volume,
            final long position,
            final int frameEntries,
            final Path overlayOrNull,
            final ViewLeases.Lease lease)
            throws ViewException {
        final BlockFile base = openBase(volume.uuid());
        try {
            return new RecoveryView(
                    lease.holder(),
                    volume.sizeBytes(),
                    base,
                    () -> new IndexVersions(history.index(), volume.number(), position, frameEntries, this::isLacking),
                    frames(),
                    overlayOrNull == null ? null : openOverlay(overlayOrNull, volume.sizeBytes()),
                    lease,
                    readErrors,
                    viewsFull);
        } catch (final ViewException | RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /**
     * A way to a volume at any moment that the caller holds, whether or not it is a recovery point; for one thread. Where
     * journal was lost it shows what is left: the sender's comparison with that is what heals it.
     *
     * @throws ViewException when the replica volume cannot be opened.
     */
    public PastVolume openPast(final UUID volume) throws ViewException {
        final BlockFile base = openBase(volume);
        final IndexVersions versions = new IndexVersions(history.index(), 0, 0, 0, (range, position) -> false);
        final RecoveryView view = new RecoveryView(
                "volume " + volume, Long.MAX_VALUE, base, () -> versions, frames(), null, null, readErrors, viewsFull);
        return new PastVolume(base, versions, view);
    }

    private boolean isLacking(final LostJournal range, final long position) {
        return damage.isLacking(range, position, history.baseHorizon());
    }

    private BlockFile openBase(final UUID volume) throws ViewException {
        final Path path = bases.get(volume);
        try {
            if (path == null) {
                throw new IOException("volume " + volume + " has no replica volume here");
            }
            return files.open(path, BlockFiles.Mode.READ);
        } catch (final IOException e) {
            throw ViewException.ofDisk(0, "cannot open the replica volume", e);
        }
    }

    private ViewOverlay openOverlay(final Path path, final long sizeBytes) throws ViewException {
        final Path directory = path.getParent();
        final String name = path.getFileName().toString();
        return ViewOverlay.exists(files, directory, name)
                ? ViewOverlay.open(files, directory, name, sizeBytes)
                : ViewOverlay.create(
                        files,
                        directory,
                        name,
                        sizeBytes,
                        context.journalContext().entropy());
    }

    /** Frames unpacked for the views of this stream; takes its memory when first asked. */
    public synchronized DecodedFrames frames() {
        if (frames == null) {
            frames = new DecodedFrames(
                    journal::newFetcher,
                    context.frameMemory(),
                    damage::isCondemned,
                    context.counters().newCounter(ReplicationCounter.VIEW_FRAME_HITS, context.machine()),
                    context.counters().newCounter(ReplicationCounter.VIEW_FRAMES_DECODED, context.machine()));
        }
        return frames;
    }

    synchronized void close() {
        if (frames != null) {
            frames.close();
        }
    }
}
