package org.farshore.tests.crashlab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * What a power cut leaves, as a file that can be mounted once: what the last flush vouches for, and a part of what was under
 * way.
 */
final class ReplayDisk {
    private static final int SECTOR_LENGTH = 512;

    private final SparseImage flushed;
    private final List<DiskTrace.Event> underWay;
    private final long seed;

    ReplayDisk(final SparseImage flushed, final List<DiskTrace.Event> underWay, final long seed) {
        this.flushed = flushed;
        this.underWay = underWay;
        this.seed = seed;
    }

    /** True when writes were cut off in the middle. */
    boolean isTorn() {
        return !underWay.isEmpty();
    }

    /** Makes a new file with it; the same bytes each time. */
    void writeTo(final Path path) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            flushed.writeTo(file);
            final LabDice dice = new LabDice(seed);
            for (final DiskTrace.Event event : underWay) {
                switch (dice.below(4)) {
                    case 0 -> {
                        // Lost.
                    }
                    case 1 -> addTorn(file, event, dice);
                    default -> add(file, event, 0, (int) event.length());
                }
            }
        }
    }

    private static void addTorn(final FileChannel file, final DiskTrace.Event event, final LabDice dice)
            throws IOException {
        for (int at = 0; event.bytes() != null && at < event.length(); at += SECTOR_LENGTH) {
            if (dice.oneIn(2)) {
                add(file, event, at, SECTOR_LENGTH);
            }
        }
    }

    private static void add(final FileChannel file, final DiskTrace.Event event, final int from, final int length)
            throws IOException {
        final ByteBuffer bytes =
                event.bytes() == null ? ByteBuffer.allocate(length) : ByteBuffer.wrap(event.bytes(), from, length);
        for (long at = event.offset() + from; bytes.hasRemaining(); ) {
            at += file.write(bytes, at);
        }
    }

    @Override
    public String toString() {
        return isTorn() ? " and part of " + underWay.size() + " writes behind it" : "";
    }
}
