package org.farshore.tests.simulation;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.Agent;
import org.farshore.agent.CaptureAgent;
import org.farshore.agent.CaptureContext;
import org.farshore.agent.VolumeProbe;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.agent.copy.DeviceReaderAgent;
import org.farshore.agent.session.AgentSession;
import org.farshore.agent.stream.ProtectedVolume;
import org.farshore.dataplane.mastertarget.MasterTargetAgents;
import org.farshore.dataplane.mastertarget.MasterTargetContext;
import org.farshore.dataplane.processserver.RelayAgent;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;

/** One life of one process: the production classes of its role, from start to death. */
final class RoleLife {
    static final Path DATA = Path.of("/data");
    static final long MACHINE_HIGH = 0x5A11;
    static final long MACHINE_LOW = 0x0DD5;
    static final String MACHINE = TargetStreams.hex(MACHINE_HIGH, MACHINE_LOW);
    static final int VOLUMES_MAX = 3;

    private static final String PROCESS_SERVER = "127.0.0.1:9443";
    private static final long BARRIER_INTERVAL_NS = 500_000_000L;
    private static final int SEGMENT_LENGTH = 256 << 10;
    private static final int ARENA_LENGTH = 512 << 10;
    private static final int INDEX_PAGES = 4;
    /** One frame for each stripe: what a view reads it reads from the journal, as it is now. */
    private static final int VIEW_MEMORY = 1;

    private final NodeLinks links;
    private final HeapCounters counters = new HeapCounters();
    private Node node;
    private List<Agent> agents = List.of();
    private CaptureAgent captureAgent;
    private final SimulatedExports exports = new SimulatedExports();
    private MasterTargetAgents masterTarget;

    RoleLife(final NodeLinks links) {
        this.links = links;
    }

    /** Makes the role; it may fail at its disk, or die. */
    void start(final Scenario scenario, final Node ofNode, final SourceMachine source, final BlockFiles files) {
        node = ofNode;
        final Dice entropy = Dice.of(scenario.seed(), node.name() + node.life());
        agents = switch (node.index()) {
            case Node.AGENT -> agent(source, entropy);
            case Node.RELAY ->
                List.of(new RelayAgent(
                        links, entropy, counters, PROCESS_SERVER, MasterTargetContext.LISTEN_DEFAULT, 2));
            default -> target(scenario, files, entropy);
        };
    }

    private List<Agent> agent(final SourceMachine source, final Dice entropy) {
        final DeviceReaderAgent reader = new DeviceReaderAgent();
        captureAgent = new CaptureAgent(
                new CaptureContext()
                        .clocks(node)
                        .entropy(entropy)
                        .links(links)
                        .counters(counters)
                        .source(new FragileCapture(source.capture(), node::effect, () -> {}))
                        .volumes(source.devices())
                        .identity(new AgentSession.Identity(MACHINE_HIGH, MACHINE_LOW, "model", 0))
                        .processServer(PROCESS_SERVER)
                        .probe(new Probe(source))
                        .barrierIntervalNs(BARRIER_INTERVAL_NS)
                        .conclude(),
                reader);
        return List.of(captureAgent, reader);
    }

    private record Probe(SourceMachine source) implements VolumeProbe {
        @Override
        public long sizeBytes(final VolumeDevice volume) {
            return source.sizeBytes(volume.number());
        }

        @Override
        public String replacedReason(final VolumeDevice volume) {
            return null;
        }
    }

    private List<Agent> target(final Scenario scenario, final BlockFiles files, final Dice entropy) {
        masterTarget = new MasterTargetAgents(new MasterTargetContext()
                .files(files)
                .clocks(node)
                .entropy(entropy)
                .counters(counters)
                .links(links)
                .exports(exports)
                .dataDirectory(DATA)
                .machines(Set.of("*"))
                .machinesMax(2)
                .applyMemory(ARENA_LENGTH)
                .retentionWindowNs(scenario.installation().retentionNs())
                .indexPagesPerFile(INDEX_PAGES)
                .viewMemory(VIEW_MEMORY)
                .directMemory(ARENA_LENGTH)
                .journal(SEGMENT_LENGTH, (long) scenario.installation().journalSegments() * SEGMENT_LENGTH)
                .conclude());
        final List<Agent> all = masterTarget.all();
        // Where nothing of the past is kept there is nothing to follow; turns are drawn as they always were.
        return scenario.installation().retentionNs() > 0 ? all : all.subList(0, all.size() - 1);
    }

    /** Master target: its agents by name; null for other roles. */
    MasterTargetAgents masterTarget() {
        return masterTarget;
    }

    /** Master target: what it serves. */
    SimulatedExports exports() {
        return exports;
    }

    List<Agent> agents() {
        return agents;
    }

    /** The process is no more: its connections end; nothing is closed in order. */
    void end(final Network network) {
        network.died(links);
    }

    /** Agent: every volume is ordered and nothing waits. */
    boolean isIdle() {
        return captureAgent != null && captureAgent.isIdle();
    }

    /** Agent: the states of its volumes, for people. */
    String describe(final int volumes) {
        final StringBuilder text = new StringBuilder("agent idle " + isIdle());
        for (int i = 0; captureAgent != null && i < volumes; i++) {
            final ProtectedVolume volume = captureAgent.volume(i);
            text.append(", v").append(i).append(' ');
            text.append(volume.isStopped() ? "stopped" : volume.readBack().phase());
            text.append(" todo ").append(volume.readBack().todo().cardinality());
        }
        return text.toString();
    }

    /** Adds what this life came across. */
    void tell(final Tally tally) {
        reached(tally, Rarity.COPIED, ReplicationCounter.INITIAL_COPY_BYTES);
        reached(tally, Rarity.RESYNC, ReplicationCounter.RESYNC_BYTES);
        reached(tally, Rarity.REPAIR, ReplicationCounter.REPAIR_BYTES);
        reached(tally, Rarity.COMPARE, ReplicationCounter.COMPARED_BYTES);
        reached(tally, Rarity.REFUSED, ReplicationCounter.RECEIVE_REJECTED);
        reached(tally, Rarity.DIRECT, ReplicationCounter.DIRECT_BYTES);
        reached(tally, Rarity.BACK_PRESSURE, ReplicationCounter.BACK_PRESSURE);
    }

    private void reached(final Tally tally, final Rarity rarity, final ReplicationCounter counter) {
        if (counters.sum(counter) > 0) {
            tally.reached(rarity);
        }
    }
}
