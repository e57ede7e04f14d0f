package org.farshore.perf.load;

import java.nio.ByteBuffer;
import org.farshore.dataplane.runtime.BlockFile;

/** A device that reads as zeros: the initial copy of the synthetic volume is over at once. Nobody writes it. */
final class ZeroVolume implements BlockFile {
    private static final byte[] ZEROS = new byte[1 << 16];

    private final long length;

    ZeroVolume(final long length) {
        this.length = length;
    }

    @Override
    public void read(final ByteBuffer target, final long offset) {
        while (target.hasRemaining()) {
            target.put(ZEROS, 0, Math.min(ZEROS.length, target.remaining()));
        }
    }

    @Override
    public void write(final ByteBuffer source, final long offset) {
        throw new UnsupportedOperationException("a protected volume is only read");
    }

    @Override
    public void zero(final long offset, final long zeroLength) {
        throw new UnsupportedOperationException("a protected volume is only read");
    }

    @Override
    public void sync() {
        throw new UnsupportedOperationException("a protected volume is only read");
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public void setLength(final long newLength) {
        throw new UnsupportedOperationException("a protected volume is only read");
    }

    @Override
    public String name() {
        return "synthetic";
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
