package org.farshore.tests.simulation.small;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedDisk;

/**
 * Flips a byte of a frame that was acknowledged and not applied, with a later group behind it that proves so: what recovery
 * must not take for a torn tail.
 */
final class Rot {
    private static final int FRAME_ALIGNMENT = 32;
    private static final int OFFSET_FIELD = 12;
    private static final int SEGMENT_FIELD = 16;
    private static final int PLACE_IN_FRAME = 70;

    private final Path journal;
    private final String machine;
    private long durable;
    private long provenDurable;

    Rot(final Path journal, final String machine) {
        this.journal = journal;
        this.machine = machine;
    }

    /** Looks how far the journal is. */
    void note(final HeapCounters counters) {
        final long now = counters.getOrZero(ReplicationCounter.JOURNAL_DURABLE_POSITION, machine);
        if (now != durable) {
            provenDurable = durable;
            durable = now;
        }
    }

    /** Flips a byte; false when there is none to flip. */
    boolean strike(final SimulatedDisk disk, final HeapCounters counters) {
        if (counters == null) {
            return false;
        }
        final long applied = counters.getOrZero(ReplicationCounter.JOURNAL_APPLIED_POSITION, machine);
        try {
            for (final String name : disk.list(journal)) {
                final Path path = journal.resolve(name);
                final int offset = frameBetween(disk, path, applied);
                if (offset >= 0) {
                    disk.flip(path, offset + PLACE_IN_FRAME, 0x10);
                    return true;
                }
            }
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
        return false;
    }

    private int frameBetween(final SimulatedDisk disk, final Path path, final long applied) throws IOException {
        try (BlockFile file = disk.open(path, BlockFiles.Mode.READ)) {
            final ByteBuffer bytes = ByteBuffer.allocate((int) file.length()).order(ByteOrder.LITTLE_ENDIAN);
            file.read(bytes, 0);
            for (int at = 4096; at + 2 * FRAME_ALIGNMENT < bytes.capacity(); at += FRAME_ALIGNMENT) {
                final long position = bytes.getLong(at + SEGMENT_FIELD) * bytes.capacity() + at;
                if (bytes.getInt(at + OFFSET_FIELD) == at && position >= applied && position < provenDurable) {
                    return at;
                }
            }
        }
        return -1;
    }
}
