package org.farshore.dataplane.nbd;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk in memory with a second array for what is durable, bad places, holes where it is zero, and a brake. */
final class MemoryExport implements NbdExport {
    static final int HOLE_LENGTH = 4096;

    final byte[] bytes;
    final AtomicInteger flushes = new AtomicInteger();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    byte[] durable;
    long badOffset = -1;
    boolean readOnly;
    boolean zeroingFast;
    boolean trims = true;
    boolean knowsHoles;
    int minimumBlockLength = 1;
    volatile RuntimeException bug;
    volatile CountDownLatch brake;
    /** Reads that have come to the brake. */
    final AtomicInteger braked = new AtomicInteger();

    MemoryExport(final int size) {
        bytes = new byte[size];
        durable = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = pattern(i);
        }
    }

    /** What a fresh export holds: no two blocks alike, no zeros. */
    static byte pattern(final long offset) {
        return (byte) (1 + (offset * 31 + offset / 4096 * 7) % 251);
    }

    @Override
    public long sizeBytes() {
        return bytes.length;
    }

    @Override
    public int minimumBlockLength() {
        return minimumBlockLength;
    }

    @Override
    public String description() {
        return "made of memory";
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public boolean canTrim() {
        return trims;
    }

    @Override
    public boolean isZeroingFast() {
        return zeroingFast;
    }

    @Override
    public boolean isCoherentAcrossConnections() {
        return true;
    }

    @Override
    public boolean knowsHoles() {
        return knowsHoles;
    }

    @Override
    public NbdAccess open() {
        opened.incrementAndGet();
        return new Access();
    }

    private final class Access implements NbdAccess {
        @Override
        public void read(final long offset, final ByteBuffer target, final NbdOutcome outcome) {
            final CountDownLatch wait = brake;
            if (wait != null) {
                braked.incrementAndGet();
                try {
                    wait.await();
                } catch (final InterruptedException e) {
                    throw new AssertionError("nobody may interrupt a connection", e);
                }
            }
            if (bug != null) {
                throw bug;
            }
            final int length = target.remaining();
            if (isBad(offset, length, outcome)) {
                return;
            }
            synchronized (bytes) {
                target.put(bytes, (int) offset, length);
            }
        }

        private boolean isBad(final long offset, final int length, final NbdOutcome outcome) {
            final boolean bad = badOffset >= offset && badOffset < offset + length;
            if (bad) {
                outcome.fail(NbdError.EIO, badOffset, "bad sector");
            }
            return bad;
        }

        @Override
        public void write(final long offset, final ByteBuffer source, final NbdOutcome outcome) {
            final int length = source.remaining();
            if (!isBad(offset, length, outcome)) {
                synchronized (bytes) {
                    source.get(bytes, (int) offset, length);
                }
            }
        }

        @Override
        public void flush(final NbdOutcome outcome) {
            flushes.incrementAndGet();
            synchronized (bytes) {
                durable = bytes.clone();
            }
        }

        @Override
        public void trim(final long offset, final long length, final NbdOutcome outcome) {
            writeZeroes(offset, length, true, outcome);
        }

        @Override
        public void writeZeroes(
                final long offset, final long length, final boolean mayLeaveHole, final NbdOutcome outcome) {
            synchronized (bytes) {
                Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
            }
        }

        @Override
        public void blockStatus(
                final long offset, final long length, final NbdExtents extents, final NbdOutcome outcome) {
            long at = offset;
            boolean more = true;
            while (more) {
                final int block = (int) (at / HOLE_LENGTH) * HOLE_LENGTH;
                final long next = (long) block + HOLE_LENGTH;
                boolean zero = true;
                for (int i = block; i < Math.min(next, bytes.length); i++) {
                    zero &= bytes[i] == 0;
                }
                more = extents.add(next - at, zero ? NbdExtents.HOLE | NbdExtents.ZERO : 0);
                at = next;
            }
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }
}
