package org.farshore.dataplane.nbd;

import java.nio.ByteBuffer;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;

/**
 * A volume as it was at a moment, as an export. All connections see one overlay, and a flush of one makes the writes of all
 * durable, so they are coherent. Closing the view is its owner's, after its last connection.
 */
public final class ViewExport implements NbdExport {
    private final RecoveryView view;

    /** Serves a view that stays open as long as it is served. */
    public ViewExport(final RecoveryView view) {
        this.view = view;
    }

    @Override
    public long sizeBytes() {
        return view.sizeBytes();
    }

    @Override
    public String description() {
        return view.description();
    }

    @Override
    public boolean isReadOnly() {
        return view.isReadOnly();
    }

    @Override
    public boolean canTrim() {
        return !view.isReadOnly();
    }

    /** Not promised: blocks that the overlay holds are written with zeros where a filesystem cannot punch holes. */
    @Override
    public boolean isZeroingFast() {
        return false;
    }

    @Override
    public boolean isCoherentAcrossConnections() {
        return true;
    }

    @Override
    public boolean knowsHoles() {
        return true;
    }

    @Override
    public NbdAccess open() {
        return new Access(view.newAccess());
    }

    private static final class Access implements NbdAccess {
        private final ViewAccess access;

        Access(final ViewAccess access) {
            this.access = access;
        }

        @Override
        public void read(final long offset, final ByteBuffer target, final NbdOutcome outcome) {
            final long length = target.remaining();
            try {
                access.read(offset, target);
            } catch (final ViewException e) {
                fail(e, offset, length, outcome);
            }
        }

        @Override
        public void write(final long offset, final ByteBuffer source, final NbdOutcome outcome) {
            final long length = source.remaining();
            try {
                access.write(offset, source);
            } catch (final ViewException e) {
                fail(e, offset, length, outcome);
            }
        }

        @Override
        public void flush(final NbdOutcome outcome) {
            try {
                access.flush();
            } catch (final ViewException e) {
                fail(e, 0, 1, outcome);
            }
        }

        @Override
        public void trim(final long offset, final long length, final NbdOutcome outcome) {
            writeZeroes(offset, length, true, outcome);
        }

        @Override
        public void writeZeroes(
                final long offset, final long length, final boolean mayLeaveHole, final NbdOutcome outcome) {
            try {
                if (mayLeaveHole) {
                    access.zero(offset, length);
                } else {
                    access.writeZeros(offset, length);
                }
            } catch (final ViewException e) {
                fail(e, offset, length, outcome);
            }
        }

        @Override
        public void blockStatus(
                final long offset, final long length, final NbdExtents extents, final NbdOutcome outcome) {
            final int zeros = NbdExtents.HOLE | NbdExtents.ZERO;
            try {
                access.blockStatus(offset, length, (stretch, isZero) -> extents.add(stretch, isZero ? zeros : 0));
            } catch (final ViewException e) {
                fail(e, offset, length, outcome);
            }
        }

        /** What failed may begin before the range, as a whole page of presence bits does. */
        private static void fail(
                final ViewException e, final long offset, final long length, final NbdOutcome outcome) {
            final NbdError error = e.reason() == ViewException.Cause.DISK_FULL ? NbdError.ENOSPC : NbdError.EIO;
            final long inside = Math.max(offset, Math.min(e.offset(), offset + length - 1));
            outcome.fail(error, inside, e.getMessage());
        }

        @Override
        public void close() {
            access.close();
        }
    }
}
