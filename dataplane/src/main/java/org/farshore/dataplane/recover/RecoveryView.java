package org.farshore.dataplane.recover;

import java.util.function.Supplier;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * A volume as it was at a moment, and what was written to it since by those who use the view.
 *
 * <pre>
 *   read ──► overlay has the block? ──► its bytes, or zeros
 *               │ no
 *               ▼
 *            newest version at or before the moment? ──► frame of the journal (decoded, shared by all views), or zeros
 *               │ none
 *               ▼
 *            replica volume
 * </pre>
 *
 * <p>Opening does nothing that grows with the volume or its history: a lease, two files, a header. While the view is open
 * its lease keeps retire from passing the moment, so what is in the replica volume is never newer than the view; replication
 * goes on into the journal.
 *
 * <p>Any thread may open an {@link ViewAccess}; each belongs to one thread.
 */
public final class RecoveryView implements AutoCloseable {
    private final long sizeBytes;
    private final String description;
    private final BlockFile base;
    private final Supplier<Versions> versions;
    private final DecodedFrames frames;
    private final ViewOverlay overlay;
    private final ViewLeases.Lease lease;
    private final AtomicCounter readErrors;
    private final RoomAlarm roomAlarm;
    private volatile boolean baseAlone;

    /**
     * Joins the parts; closing the view closes base, overlay and lease.
     *
     * @param description one line for people.
     * @param sizeBytes of the volume at the moment, a multiple of 512.
     * @param base the replica volume, open for reading, of any length.
     * @param versions of this volume at this moment, for one thread each.
     * @param frames shared by all views of the stream.
     * @param overlay null for a view that cannot be written.
     * @param lease on the moment, held before anything of it was looked at.
     * @param readErrors counts reads refused because a frame is damaged.
     * @param viewsFull counts views whose overlay finds no room.
     */
    public RecoveryView(
            final String description,
            final long sizeBytes,
            final BlockFile base,
            final Supplier<Versions> versions,
            final DecodedFrames frames,
            final ViewOverlay overlay,
            final ViewLeases.Lease lease,
            final AtomicCounter readErrors,
            final AtomicCounter viewsFull) {
        this.description = description;
        this.sizeBytes = sizeBytes;
        this.base = base;
        this.versions = versions;
        this.frames = frames;
        this.overlay = overlay;
        this.lease = lease;
        this.readErrors = readErrors;
        this.roomAlarm = new RoomAlarm(description, viewsFull);
    }

    /** One line for people. */
    public String description() {
        return description;
    }

    /** Size in bytes. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** True when there is no place for writes. */
    public boolean isReadOnly() {
        return overlay == null;
    }

    /** A way to the bytes for one thread. */
    public ViewAccess newAccess() {
        return new ViewAccess(this, versions.get());
    }

    /**
     * The base holds every version up to the moment, synced: from now on nothing is looked up in the index, and the moment
     * is given up. What has begun to read a frame ends with the same bytes.
     */
    public void useBaseAlone() {
        baseAlone = true;
        lease.close();
    }

    boolean isBaseAlone() {
        return baseAlone;
    }

    BlockFile base() {
        return base;
    }

    DecodedFrames frames() {
        return frames;
    }

    ViewOverlay overlay() {
        return overlay;
    }

    RoomAlarm roomAlarm() {
        return roomAlarm;
    }

    void countReadError() {
        readErrors.getAndAddRelease(1);
    }

    /** Lets go of the moment; accesses must not be used any more. What was not flushed may be lost. */
    @Override
    public void close() {
        roomAlarm.close();
        try {
            base.close();
            if (overlay != null) {
                overlay.close();
            }
        } finally {
            lease.close();
        }
    }
}
