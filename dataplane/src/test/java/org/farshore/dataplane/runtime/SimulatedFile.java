package org.farshore.dataplane.runtime;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.BooleanSupplier;

/** One file of a {@link SimulatedDisk}: what the page cache shows, what the disk holds, and which sectors differ. */
final class SimulatedFile {
    private static final int SECTOR_LENGTH = 512;

    private final SimulatedDisk disk;
    private final BitSet dirty = new BitSet();
    /** Sectors that the disk has taken once: their extents are written ones. */
    private final BitSet everStable = new BitSet();
    /**
     * Sectors that were never written before and that a failed sync lost: their extents stay unwritten, and writing them again
     * has no effect on the disk until the cache forgets them (seen on ext4, Linux 6.18).
     */
    private final BitSet orphaned = new BitSet();
    /** Sectors that a failed sync lost: clean in the cache, with bytes that the disk lacks, until the cache forgets them. */
    private final BitSet lost = new BitSet();

    private byte[] cache = new byte[0];
    private byte[] stable = new byte[0];
    private int length;
    private int stableLength;

    SimulatedFile(final SimulatedDisk disk) {
        this.disk = disk;
    }

    long length() {
        return length;
    }

    void flip(final int offset, final byte mask) {
        cache[offset] ^= mask;
        stable[offset] ^= mask;
    }

    private void grow(final int newLength) {
        if (newLength > cache.length) {
            final int room = Math.max(newLength, (int) Math.min(2L * cache.length, Integer.MAX_VALUE - 8));
            cache = Arrays.copyOf(cache, room);
            stable = Arrays.copyOf(stable, room);
        }
        length = Math.max(length, newLength);
    }

    private void put(final ByteBuffer source, final int offset, final int count) {
        grow(offset + count);
        source.get(cache, offset, count);
        if (count > 0) {
            dirty.set(offset / SECTOR_LENGTH, (offset + count - 1) / SECTOR_LENGTH + 1);
        }
    }

    private void stabilise(final int sector) {
        everStable.set(sector);
        final int from = sector * SECTOR_LENGTH;
        final int to = Math.min(from + SECTOR_LENGTH, cache.length);
        System.arraycopy(cache, from, stable, from, to - from);
    }

    private void stabiliseAll() {
        dirty.andNot(orphaned);
        for (int sector = dirty.nextSetBit(0); sector >= 0; ) {
            final int behind = dirty.nextClearBit(sector);
            final int from = sector * SECTOR_LENGTH;
            System.arraycopy(cache, from, stable, from, Math.min(behind * SECTOR_LENGTH, cache.length) - from);
            everStable.set(sector, behind);
            lost.clear(sector, behind);
            sector = dirty.nextSetBit(behind);
        }
        dirty.clear();
        stableLength = length;
    }

    private void stabiliseSome() {
        dirty.stream().filter(sector -> disk.random().nextBoolean()).forEach(this::stabilise);
    }

    private void forgetCached() {
        lost.stream()
                .filter(sector -> !dirty.get(sector) && sector * SECTOR_LENGTH < cache.length)
                .forEach(sector ->
                        System.arraycopy(stable, sector * SECTOR_LENGTH, cache, sector * SECTOR_LENGTH, SECTOR_LENGTH));
        orphaned.and(dirty);
        lost.and(dirty);
    }

    void powerCut(final BooleanSupplier survives) {
        dirty.andNot(orphaned);
        orphaned.clear();
        lost.clear();
        if (length != stableLength && !survives.getAsBoolean()) {
            length = stableLength;
        }
        dirty.stream()
                .filter(sector -> sector * SECTOR_LENGTH < length && survives.getAsBoolean())
                .forEach(this::stabilise);
        dirty.clear();
        Arrays.fill(stable, length, stable.length, (byte) 0);
        stableLength = length;
        cache = stable.clone();
    }

    BlockFile handle(final Path path, final BlockFiles.Mode mode, final int life) {
        return new Handle(path, mode, life);
    }

    /** An open file. */
    private final class Handle implements BlockFile {
        private final Path path;
        private final BlockFiles.Mode mode;
        private final int life;

        Handle(final Path path, final BlockFiles.Mode mode, final int life) {
            this.path = path;
            this.mode = mode;
            this.life = life;
        }

        @Override
        public void read(final ByteBuffer target, final long offset) throws IOException {
            disk.check(life);
            final int count = target.remaining();
            if (offset + count > length) {
                throw new EOFException(path + " ends at " + length);
            }
            if (mode != BlockFiles.Mode.READ_DIRECT) {
                target.put(cache, (int) offset, count);
                return;
            }
            if (offset % 4096 != 0 || count % 4096 != 0) {
                throw new IOException("direct read of " + count + " bytes at " + offset + " of " + path);
            }
            for (int at = (int) offset; at < offset + count; at += SECTOR_LENGTH) {
                target.put(dirty.get(at / SECTOR_LENGTH) ? cache : stable, at, SECTOR_LENGTH);
            }
        }

        @Override
        public void write(final ByteBuffer source, final long offset) throws IOException {
            writable();
            final int count = source.remaining();
            if (offset + count > length) {
                disk.checkRoom(offset + count - length, path);
            }
            disk.operation(
                    path, life, () -> put(source, (int) offset, disk.random().nextInt(count + 1)));
            put(source, (int) offset, count);
        }

        @Override
        public void zero(final long offset, final long count) throws IOException {
            write(ByteBuffer.allocate((int) count), offset);
        }

        @Override
        public void sync() throws IOException {
            disk.operation(path, life, SimulatedFile.this::interruptSync);
            stabiliseAll();
        }

        @Override
        public void forgetCached() {
            disk.check(life);
            SimulatedFile.this.forgetCached();
        }

        @Override
        public long length() {
            disk.check(life);
            return length;
        }

        @Override
        public void setLength(final long newLength) throws IOException {
            writable();
            disk.operation(path, life, () -> {});
            final int now = (int) newLength;
            if (now < length) {
                Arrays.fill(cache, now, length, (byte) 0);
                dirty.set(now / SECTOR_LENGTH, (length + SECTOR_LENGTH - 1) / SECTOR_LENGTH);
                length = now;
            } else {
                grow(now);
            }
        }

        private void writable() throws IOException {
            if (mode != BlockFiles.Mode.WRITE) {
                throw new IOException(path + " is open for reading");
            }
        }

        @Override
        public String name() {
            return path.toString();
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    /** A sync that is cut off or fails: some sectors have reached the disk; when it failed, nothing is dirty any more. */
    private void interruptSync() {
        if (disk.failing()) {
            final BitSet lostNow = new BitSet();
            dirty.stream().filter(sector -> disk.random().nextBoolean()).forEach(lostNow::set);
            dirty.andNot(lostNow);
            stabiliseAll();
            lost.or(lostNow);
            lostNow.andNot(everStable);
            orphaned.or(lostNow);
        } else {
            stabiliseSome();
        }
    }
}
