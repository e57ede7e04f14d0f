package org.farshore.tests.crashlab;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersReader;
import org.farshore.dataplane.mastertarget.LabConnection;
import org.farshore.dataplane.mastertarget.MasterTargetAgents;
import org.farshore.dataplane.mastertarget.MasterTargetContext;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.ship.MemoryLinks;

/** One life of the master target on a mounted filesystem: its agents, not yet running, and the network to it. */
final class LabTarget {
    /** Points are kept so long, on the source's clock: some twenty of them. */
    static final long WINDOW_NS = 2_000_000_000L;

    private static final int SEGMENT_LENGTH = 256 << 10;
    private static final int SEGMENT_COUNT = 16;
    private static final int INDEX_PAGES = 4;

    private final Path data;
    private final MortalFiles files = new MortalFiles(new ChannelBlockFiles());
    private final MemoryLinks links;
    private final MasterTargetAgents agents;

    LabTarget(final Path data, final Clocks clocks, final LabDice dice) {
        this.data = data;
        links = new MemoryLinks(dice.nextLong());
        boolean made = false;
        try {
            agents = new MasterTargetAgents(new MasterTargetContext()
                    .files(files)
                    .clocks(clocks)
                    .entropy(dice)
                    .counters((descriptor, subject) ->
                            new AtomicCounter(new UnsafeBuffer(new byte[CountersReader.COUNTER_LENGTH]), 0))
                    .links(links)
                    .dataDirectory(data)
                    .machines(Set.of(LabConnection.MACHINE))
                    .machinesMax(1)
                    .applyMemory(4 << 20)
                    .directMemory(8 << 20)
                    .indexMemory(16 << 20)
                    .retentionWindowNs(WINDOW_NS)
                    .indexPagesPerFile(INDEX_PAGES)
                    .journal(SEGMENT_LENGTH, (long) SEGMENT_COUNT * SEGMENT_LENGTH)
                    .conclude());
            made = true;
        } finally {
            if (!made) {
                files.kill();
            }
        }
    }

    Path data() {
        return data;
    }

    LabConnection connect(final long connectionId) {
        return new LabConnection(links, connectionId);
    }

    MasterTargetAgents agents() {
        return agents;
    }

    List<Agent> all() {
        return agents.all();
    }

    /** The machine's stream, or null before it has come for the first time. */
    TargetStream stream() {
        final List<TargetStream> streams = agents.applyAgent().streams();
        return streams.isEmpty() ? null : streams.get(0);
    }

    /** SIGKILL; no thread may be in an agent. */
    void kill() {
        files.kill();
        for (final Agent agent : all()) {
            try {
                agent.onClose();
            } catch (final Exception e) {
                // It finds its files gone; only its memory is to be given back.
                continue;
            }
        }
    }
}
