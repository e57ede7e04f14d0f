package org.farshore.tests.crashlab;

import java.nio.ByteBuffer;
import org.farshore.dataplane.nbd.NbdAccess;
import org.farshore.dataplane.nbd.NbdExport;
import org.farshore.dataplane.nbd.NbdExtents;
import org.farshore.dataplane.nbd.NbdOutcome;

/** A disk in memory, served over NBD, of which every write and every flush is kept in a trace. */
final class TracedDisk implements NbdExport {
    private final SparseImage image;
    private final DiskTrace trace;

    TracedDisk(final long length, final DiskTrace trace) {
        this.image = new SparseImage(length);
        this.trace = trace;
    }

    @Override
    public long sizeBytes() {
        return image.length();
    }

    @Override
    public int minimumBlockLength() {
        return 512;
    }

    @Override
    public String description() {
        return "traced disk";
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public boolean canTrim() {
        return true;
    }

    @Override
    public boolean isZeroingFast() {
        return true;
    }

    /** One connection only, so that the order of the trace is the order of the answers. */
    @Override
    public boolean isCoherentAcrossConnections() {
        return false;
    }

    @Override
    public boolean knowsHoles() {
        return false;
    }

    @Override
    public NbdAccess open() {
        return new Access();
    }

    private final class Access implements NbdAccess {
        @Override
        public void read(final long offset, final ByteBuffer target, final NbdOutcome outcome) {
            synchronized (image) {
                image.read(offset, target);
            }
        }

        @Override
        public void write(final long offset, final ByteBuffer source, final NbdOutcome outcome) {
            final byte[] bytes = new byte[source.remaining()];
            source.get(bytes);
            synchronized (image) {
                image.write(offset, ByteBuffer.wrap(bytes));
                trace.write(offset, bytes);
            }
        }

        @Override
        public void flush(final NbdOutcome outcome) {
            synchronized (image) {
                trace.flush();
            }
        }

        @Override
        public void trim(final long offset, final long length, final NbdOutcome outcome) {
            writeZeroes(offset, length, true, outcome);
        }

        @Override
        public void writeZeroes(
                final long offset, final long length, final boolean mayLeaveHole, final NbdOutcome outcome) {
            synchronized (image) {
                image.zero(offset, length);
                trace.zero(offset, length);
            }
        }

        @Override
        public void blockStatus(
                final long offset, final long length, final NbdExtents extents, final NbdOutcome outcome) {
            extents.add(length, 0);
        }

        @Override
        public void close() {
            // The disk outlives its connections.
        }
    }
}
