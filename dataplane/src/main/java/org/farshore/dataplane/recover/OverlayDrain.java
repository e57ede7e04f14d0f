package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * Moves what an overlay holds into the base, while the view is read and written.
 *
 * <pre>
 *   NEXT ──► COPY, 1 MiB a step ──► SYNC base, let go, flush the bits ──► NEXT ─ … ─► DONE
 * </pre>
 *
 * <p>For each range, in this order: note which of its blocks are written from now on; flush, so that every block that is held
 * now is durable in the overlay; copy those; sync the base; let go of those that were not written meanwhile; flush the bits.
 * A stop anywhere finds each block where a reader looks for it: in the overlay until its bit is cleared on the disk, in the
 * base from then on, and until a new write the bytes are the same.
 *
 * <p>What the overlay holds only shrinks, since new blocks go to the base. Blocks that are written again and again while they
 * are copied stay behind; after {@value #FREE_PASSES} passes over the volume writers wait for as long as one range takes.
 *
 * <p>Begun again after a stop it goes on with what the overlay still holds. One thread.
 */
public final class OverlayDrain {
    /** A range is a page of bits: one page is written for it. */
    private static final long RANGE_LENGTH = (long) PresencePage.BLOCKS * ViewOverlay.BLOCK_LENGTH;

    private static final int STEP_LENGTH = 1 << 20;
    private static final int FREE_PASSES = 2;

    private final ViewOverlay overlay;
    private final BlockFile base;
    private final ByteBuffer buffer = BufferUtil.allocateDirectAligned(STEP_LENGTH, ViewOverlay.BLOCK_LENGTH);
    private int passes;
    private long position;
    private long rangeEnd;
    private boolean copying;
    private long copiedBytes;
    private boolean done;

    /**
     * Begins: from now on blocks that the overlay does not hold are written to the base.
     *
     * @param view one that uses its base alone.
     * @param base the same file, open for writing; stays open as long as the view.
     */
    public OverlayDrain(final RecoveryView view, final BlockFile base) {
        if (!view.isBaseAlone()) {
            throw new IllegalStateException("view " + view.description() + " still needs its versions");
        }
        this.overlay = view.overlay();
        this.base = base;
        overlay.writeThroughTo(base);
    }

    /** Bytes copied so far, for progress. */
    public long copiedBytes() {
        return copiedBytes;
    }

    /** How far this pass over the volume has come. */
    public long position() {
        return position;
    }

    /**
     * One step, bounded by a copy of 1 MiB or by one sync.
     *
     * @return true when the overlay holds nothing any more, durably.
     * @throws ViewException the base or the overlay refused: nothing is lost; begin again with a new one.
     */
    public boolean step() throws ViewException {
        if (done) {
            return true;
        }
        if (copying) {
            copyStep();
            return false;
        }
        position = overlay.nextHeld(position);
        if (position < overlay.sizeBytes()) {
            beginRange();
            return false;
        }
        passes++;
        position = 0;
        done = overlay.nextHeld(0) == overlay.sizeBytes();
        if (done) {
            overlay.flush();
        }
        return done;
    }

    private void beginRange() throws ViewException {
        rangeEnd = Math.min(overlay.sizeBytes(), (position / RANGE_LENGTH + 1) * RANGE_LENGTH);
        if (passes >= FREE_PASSES) {
            moveWithoutWriters();
            return;
        }
        overlay.beginCopy(position, rangeEnd);
        overlay.flush();
        copying = true;
    }

    private void moveWithoutWriters() throws ViewException {
        overlay.holdWriters();
        try {
            overlay.beginCopy(position, rangeEnd);
            overlay.flush();
            copying = true;
            while (copying) {
                copyStep();
            }
        } finally {
            overlay.releaseWriters();
        }
    }

    private void copyStep() throws ViewException {
        if (position >= rangeEnd) {
            endRange();
            return;
        }
        final int state = overlay.state(position);
        final long end = overlay.runEnd(position, Math.min(rangeEnd, position + STEP_LENGTH), state);
        try {
            if (state == Presence.ZERO) {
                base.zero(position, end - position);
            } else if (state == Presence.PRESENT) {
                buffer.clear().limit((int) (end - position));
                overlay.read(position, buffer);
                base.write(buffer.flip(), position);
            }
        } catch (final IOException e) {
            throw ViewException.ofDisk(position, "cannot write to the replica volume", e);
        }
        copiedBytes += state == Presence.ABSENT ? 0 : end - position;
        position = state == Presence.ABSENT ? Math.min(rangeEnd, overlay.nextHeld(position)) : end;
    }

    private void endRange() throws ViewException {
        try {
            base.sync();
        } catch (final IOException e) {
            throw overlay.stop(base, e);
        }
        overlay.endCopy();
        overlay.flush();
        copying = false;
    }
}
