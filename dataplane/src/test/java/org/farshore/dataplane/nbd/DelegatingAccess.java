package org.farshore.dataplane.nbd;

import java.nio.ByteBuffer;

/** Another access, for a test to watch or change one call of. */
class DelegatingAccess implements NbdAccess {
    private final NbdAccess delegate;

    DelegatingAccess(final NbdAccess delegate) {
        this.delegate = delegate;
    }

    @Override
    public void read(final long offset, final ByteBuffer target, final NbdOutcome outcome) {
        delegate.read(offset, target, outcome);
    }

    @Override
    public void write(final long offset, final ByteBuffer source, final NbdOutcome outcome) {
        delegate.write(offset, source, outcome);
    }

    @Override
    public void flush(final NbdOutcome outcome) {
        delegate.flush(outcome);
    }

    @Override
    public void trim(final long offset, final long length, final NbdOutcome outcome) {
        delegate.trim(offset, length, outcome);
    }

    @Override
    public void writeZeroes(
            final long offset, final long length, final boolean mayLeaveHole, final NbdOutcome outcome) {
        delegate.writeZeroes(offset, length, mayLeaveHole, outcome);
    }

    @Override
    public void blockStatus(final long offset, final long length, final NbdExtents extents, final NbdOutcome outcome) {
        delegate.blockStatus(offset, length, extents, outcome);
    }

    @Override
    public void close() {
        delegate.close();
    }
}
