package org.farshore.dataplane.mastertarget;

import static org.farshore.dataplane.mastertarget.TargetHarness.filled;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.ship.MemoryLinks;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/**
 * What a master target that was killed leaves on its disk: one volume, some of its writes applied, some only in the journal,
 * all of them acknowledged. In the product's package for the sake of its harness.
 *
 * <p>Block {@code b} only ever holds zeros or is filled with one value whose lower half is {@code b}: so any block that
 * comes from elsewhere, or was made up, shows.
 */
public final class StoppedTarget {
    /** Where everything lies. */
    public static final Path DATA = TargetHarness.DATA;
    /** The replica of the volume. */
    public static final Path REPLICA =
            TargetHarness.DATA.resolve(TargetHarness.MACHINE).resolve("data").resolve("replica.img");

    private static final int BLOCK = 4096;
    private static final int BLOCKS = 16;
    private static final int VERSIONS = 6;
    private static final int APPLIED_VERSIONS = 3;
    private static final int STEPS = 80;
    private static final int SEGMENT_LENGTH = 256 << 10;

    private StoppedTarget() {}

    /** The disk of a target that was killed before it had applied everything. */
    public static BlockFiles disk() {
        final TargetHarness target = new TargetHarness(21);
        final MessageWriter writer = new MessageWriter(TargetHarness.MACHINE_HIGH, TargetHarness.MACHINE_LOW);
        final TestSender sender = target.start().welcomed(5);
        writer.begin(1, 1, 1, 0);
        send(target, sender, writer.volumeAdded(1, 7, BLOCKS * BLOCK, "data"));
        send(target, sender, writer.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED));
        for (int version = 1; version <= VERSIONS; version++) {
            for (int block = version % 3; block < BLOCKS; block += 3) {
                send(target, sender, writer.batch(Extent.write(1, block * BLOCK, content(block, version))));
            }
            send(target, sender, writer.barrier(1));
            target.until(sender, () -> sender.durableSequence >= writer.endSequence());
            if (version == APPLIED_VERSIONS) {
                target.untilApplied(sender, writer.endSequence());
            }
        }
        return target.disk;
    }

    private static void send(final TargetHarness target, final TestSender sender, final MessageWriter message) {
        final byte[] bytes = message.bytes();
        target.until(sender, () -> sender.send(bytes));
    }

    private static byte[] content(final int block, final int version) {
        return filled(BLOCK, version << 4 | block);
    }

    /** The first block of a replica that holds what its volume never held there, or -1. */
    public static int wrongBlock(final byte[] replica) {
        for (int block = 0; block < replica.length / BLOCK; block++) {
            final int value = replica[block * BLOCK] & 0xFF;
            final int version = value >> 4;
            final boolean legal = value == 0
                    || ((value & 15) == block && version >= 1 && version <= VERSIONS && version % 3 == block % 3);
            for (int i = 1; i < BLOCK; i++) {
                if (!legal || (replica[block * BLOCK + i] & 0xFF) != value) {
                    return block;
                }
            }
        }
        return -1;
    }

    /** True when every acknowledged write is there. */
    public static boolean isComplete(final byte[] replica) {
        for (int block = 0; block < BLOCKS; block++) {
            final int newest = block % 3 == 0 ? VERSIONS : VERSIONS - 3 + block % 3;
            if ((replica[block * BLOCK] & 0xFF) != (newest << 4 | block)) {
                return false;
            }
        }
        return true;
    }

    /** Starts a target on these files and lets it work until it has applied what it will. */
    public static void startAndApply(final BlockFiles files) throws Exception {
        final ManualClocks clocks = new ManualClocks();
        final List<Agent> agents = new MasterTargetAgents(new MasterTargetContext()
                        .files(files)
                        .clocks(clocks)
                        .entropy(new SeededEntropy(5))
                        .counters(new HeapCounters())
                        .links(new MemoryLinks(5))
                        .dataDirectory(DATA)
                        .machines(Set.of("*"))
                        .machinesMax(4)
                        .applyMemory(4 << 20)
                        .retentionWindowNs(0)
                        .directMemory(8 << 20)
                        .journal(SEGMENT_LENGTH, 16L * SEGMENT_LENGTH)
                        .conclude())
                .all();
        try {
            for (int i = 0; i < STEPS; i++) {
                for (final Agent agent : agents) {
                    agent.doWork();
                }
                clocks.advance(100_000_000);
            }
        } finally {
            agents.forEach(Agent::onClose);
        }
    }
}
