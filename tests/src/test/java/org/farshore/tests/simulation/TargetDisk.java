package org.farshore.tests.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.journal.JournalCommitAgent;
import org.farshore.dataplane.recover.FollowAgent;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.SimulatedDisk;

/** The master target's disk and what befalls it. Each of its operations is an effect at which the role may die. */
final class TargetDisk {
    private final SimulatedDisk disk;
    private final Node node;
    private final EventHash hash;
    private final Tally tally;
    private final BlockFiles files;
    private long failReadIn;
    private long slowNs;
    private long slowUntilNs;
    private long busyUntilNs;
    private long fullUntilNs;

    TargetDisk(final SimulatedDisk disk, final Node node, final EventHash hash, final Tally tally) {
        this.disk = disk;
        this.node = node;
        this.hash = hash;
        this.tally = tally;
        files = new WatchedFiles(disk, new Watch());
    }

    /** As the role sees it. */
    BlockFiles files() {
        return files;
    }

    private final class Watch implements WatchedFiles.Watch {
        @Override
        public void beforeRead(final String name) throws IOException {
            if (failReadIn > 0 && --failReadIn == 0) {
                throw new IOException("simulated failure of a read of " + name);
            }
        }

        @Override
        public void beforeChange(final String name, final String operation, final long offset, final long length) {
            node.effect();
            hash.add(10, offset * 31 + length);
        }
    }

    /** True while the agent would still wait for the disk. */
    boolean isBusy(final Agent agent, final long nowNs) {
        if (!(agent instanceof JournalCommitAgent)
                && !(agent instanceof ApplyAgent)
                && !(agent instanceof FollowAgent)) {
            return false;
        }
        if (nowNs >= fullUntilNs && fullUntilNs != 0) {
            fullUntilNs = 0;
            disk.capacity(Long.MAX_VALUE);
        }
        if (nowNs < slowUntilNs) {
            if (nowNs < busyUntilNs) {
                return true;
            }
            busyUntilNs = nowNs + slowNs;
        }
        return false;
    }

    void cutPowerAt(final long operations, final long downNs) {
        node.downNs(downNs);
        disk.crashAtOperation(disk.operations() + operations);
    }

    void failChange(final long operations) {
        disk.failOperation(disk.operations() + operations);
    }

    void failRead(final long reads) {
        failReadIn = reads;
    }

    /** As {@link #failRead}, but none behind this deed. */
    void failReadWithin(final long reads, final Runnable deed) {
        final long before = failReadIn;
        failReadIn = reads;
        try {
            deed.run();
        } finally {
            failReadIn = before;
        }
    }

    /** Names in a directory; none when it is not there. */
    List<String> list(final Path directory) {
        return disk.list(directory);
    }

    void beSlow(final long ns, final long untilNs) {
        slowNs = ns;
        slowUntilNs = untilNs;
    }

    void beFull(final long moreBytes, final long untilNs) {
        disk.capacity(disk.usedBytes() + moreBytes);
        fullUntilNs = untilNs;
        tally.reached(Rarity.DISK_FULL);
    }

    /**
     * One bit of the journal's files changes.
     *
     * @param inRecords true for one of a byte that is not zero: what was never written takes most of a file.
     */
    void rot(final long where, final boolean inRecords) {
        final List<Path> segments = new ArrayList<>();
        final Path journal = RoleLife.DATA
                .resolve(TargetStreams.hex(RoleLife.MACHINE_HIGH, RoleLife.MACHINE_LOW))
                .resolve("journal");
        for (final Path path : disk.files()) {
            if (journal.equals(path.getParent()) && !path.toString().endsWith(".new") && disk.lengthOf(path) > 0) {
                segments.add(path);
            }
        }
        if (!segments.isEmpty()) {
            final Path path = segments.get((int) (where % segments.size()));
            final long offset = (where >>> 8) % disk.lengthOf(path);
            disk.flip(path, inRecords ? writtenByte(path, offset) : offset, 1 << (where & 7));
            tally.reached(Rarity.ROT);
        }
    }

    /** The first byte from an offset on, round the end of the file, that is not zero; the offset when there is none. */
    private long writtenByte(final Path path, final long offset) {
        final byte[] bytes = new byte[(int) disk.lengthOf(path)];
        try (BlockFile file = disk.open(path, BlockFiles.Mode.READ)) {
            file.read(ByteBuffer.wrap(bytes), 0);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        for (int i = 0; i < bytes.length; i++) {
            final int at = (int) ((offset + i) % bytes.length);
            if (bytes[at] != 0) {
                return at;
            }
        }
        return offset;
    }

    void heal() {
        disk.capacity(Long.MAX_VALUE);
        disk.crashAtOperation(Long.MAX_VALUE);
        disk.failOperation(Long.MAX_VALUE);
        failReadIn = 0;
        slowUntilNs = 0;
        fullUntilNs = 0;
    }
}
