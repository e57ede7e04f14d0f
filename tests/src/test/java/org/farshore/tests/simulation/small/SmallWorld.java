package org.farshore.tests.simulation.small;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.concurrent.Agent;
import org.farshore.agent.CaptureAgent;
import org.farshore.agent.CaptureContext;
import org.farshore.agent.VolumeProbe;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.agent.copy.DeviceReaderAgent;
import org.farshore.agent.session.AgentSession;
import org.farshore.dataplane.mastertarget.MasterTargetAgents;
import org.farshore.dataplane.mastertarget.MasterTargetContext;
import org.farshore.dataplane.processserver.RelayAgent;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MemoryLinks;
import org.farshore.tests.simulation.FragileCapture;
import org.farshore.tests.simulation.Killed;
import org.farshore.tests.simulation.Promises;
import org.farshore.tests.simulation.WatchedFiles;

/**
 * The three roles of the product in one thread, on a machine, a network and a disk in memory, with no chance in it: the same
 * script and the same fates give the same run. Roles take turns in a fixed order, one duty cycle each; that is a step. A
 * process that died comes back some rounds later. When nobody has anything to do, time makes a leap.
 *
 * <p>A run ends when the script is over, everything that was written is applied and a fresh cut over both volumes is
 * durable. Then the target's power is cut, nothing unsynced is kept, and the replicas must be the devices.
 */
final class SmallWorld {
    private static final int ROUNDS_MAX = 4_000;
    private static final long DOWN_NS = 100_000_000L;
    /** Longer than the target holds on to a capture that it heard last: another one is not taken for a clone. */
    private static final long REBOOT_NS = 11_000_000_000L;

    private static final long ROUND_NS = 1_000_000L;
    private static final long IDLE_ROUND_NS = 50_000_000L;
    private static final long BARRIER_INTERVAL_NS = 300_000_000L;
    private static final int SEGMENT_LENGTH = 256 << 10;
    private static final int SEGMENTS = 4;
    private static final int ARENA_LENGTH = 4 << 20;
    /** So many reads of the source fail in a row: the reader's own attempts are no help. */
    private static final int SOURCE_READS_FAILING = 6;

    private static final String LOWER = "127.0.0.1:9443";
    private static final Path DATA = Path.of("/data");
    private static final long MACHINE_HIGH = 0x5A11;
    private static final long MACHINE_LOW = 0x0DD5;

    private static final Path JOURNAL =
            DATA.resolve(TargetStreams.hex(MACHINE_HIGH, MACHINE_LOW)).resolve("journal");

    private static final int AGENT = 0;
    private static final int RELAY = 1;
    private static final int TARGET = 2;

    private final Machine machine;
    private final Promises promises;
    private final List<Fate> fates;
    private final Keeping keeping;
    private final Map<Fate.Counted, Long> counts = new EnumMap<>(Fate.Counted.class);
    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final MemoryLinks lower = new MemoryLinks(2);
    private final MemoryLinks upper = new MemoryLinks(3);
    private final SeededEntropy entropy = new SeededEntropy(4);
    private final List<List<Agent>> roles = Arrays.asList(null, null, null);
    private final long[] downUntilNs = new long[3];
    private final ProcessLinks[] links = new ProcessLinks[3];
    private final Clocks clocks = new MachineClocks();
    private CaptureAgent captureAgent;
    private final List<Long> workingSteps = new ArrayList<>();
    private final Rot rot = new Rot(JOURNAL, TargetStreams.hex(MACHINE_HIGH, MACHINE_LOW));
    private HeapCounters targetCounters;
    private int round;
    private long disturbedNs;
    private Keeping powerCut;

    SmallWorld(final Script script, final Keeping keeping, final Fate... fates) {
        this(new ScriptedMachine(script), keeping, List.of(fates));
    }

    SmallWorld(final Machine machine, final Keeping keeping, final List<Fate> fates) {
        this.machine = machine;
        promises = new Promises(machine);
        this.keeping = keeping;
        this.fates = fates;
        lower.watch((up, message) -> {
            onMessage(Fate.Counted.LOWER_MESSAGES, lower);
            promises.onMessage(up, message);
            return arrivals(Fate.Counted.LOWER_RECORDS, up, message);
        });
        upper.watch((up, message) -> {
            onMessage(Fate.Counted.UPPER_MESSAGES, upper);
            return arrivals(Fate.Counted.UPPER_RECORDS, up, message);
        });
        machine.betweenPieces(this::agentInBetween);
        armDisk();
    }

    /** The agent runs while a write is being captured. */
    private void agentInBetween() {
        if (captureAgent != null) {
            machine.capture().advance(BARRIER_INTERVAL_NS);
            guarded(AGENT, this::work, captureAgent);
        }
    }

    /** Tells the disk of its next fate of each kind. */
    private void armDisk() {
        disk.crashAtOperation(nextOf(Fate.Kind.TARGET_LOSES_POWER));
        disk.failOperation(nextOf(Fate.Kind.TARGET_DISK_FAILS));
    }

    private long nextOf(final Fate.Kind kind) {
        long next = Long.MAX_VALUE;
        for (final Fate fate : fates) {
            if (fate.kind() == kind && fate.at() > disk.operations()) {
                next = Math.min(next, fate.at());
            }
        }
        return next;
    }

    /** One clock for the machine and all roles; it stands still during a round, but for the machine's own events. */
    private final class MachineClocks implements Clocks {
        @Override
        public long nanoTime() {
            return machine.capture().timeNs();
        }

        @Override
        public long epochNanos() {
            return 1_700_000_000_000_000_000L + machine.capture().timeNs();
        }
    }

    /** How often what fates are counted in has happened so far. */
    long count(final Fate.Counted counted) {
        return counted == Fate.Counted.DISK_OPERATIONS ? disk.operations() : counts.getOrDefault(counted, 0L);
    }

    /** Steps in which a role did anything: to die before another one is to die before the next of these. */
    List<Long> workingSteps() {
        return workingSteps;
    }

    /** How many things the last power cut could have kept or lost; 0 when there was none. */
    int unsyncedAtPowerCut() {
        return powerCut == null ? 0 : powerCut.asked();
    }

    /**
     * Plays to the end.
     *
     * @throws AssertionError when an invariant does not hold or it comes to no end.
     */
    SmallWorld play() {
        try {
            for (; round < ROUNDS_MAX; round++) {
                final int work = turn();
                machine.capture().advance(work > 0 ? ROUND_NS : IDLE_ROUND_NS);
                if (isDone()) {
                    checkReplicas();
                    return this;
                }
            }
        } catch (final RuntimeException | IOException | AssertionError e) {
            throw new AssertionError(this + ": " + e, e);
        }
        throw new AssertionError(this + ": I8 live: comes to no end; " + stand());
    }

    private String stand() {
        final StringBuilder text = new StringBuilder("applied ");
        text.append(promises.applied()).append(" of ").append(promises.durable());
        for (int i = 0; captureAgent != null && i < machine.volumes().size(); i++) {
            text.append(", volume ")
                    .append(i)
                    .append(' ')
                    .append(captureAgent.volume(i).readBack().phase());
            text.append(" todo ").append(machine.capture().todo(i).cardinality());
        }
        return text.append(", ")
                .append(clocks.nanoTime() / 1_000_000)
                .append(" ms, disturbed at ")
                .append(disturbedNs / 1_000_000)
                .append(", last cut at ")
                .append(promises.newestCutNs(machine.volumes().size()) / 1_000_000)
                .append(", acts ")
                .append(machine.actCount())
                .append(machine.isDone() ? " done" : "")
                .toString();
    }

    private int turn() {
        int work = machine.isBusy() ? 0 : source();
        for (int role = AGENT; role <= TARGET; role++) {
            if (roles.get(role) == null && clocks.nanoTime() >= downUntilNs[role]) {
                guarded(role, this::start, null);
            }
            for (int i = 0; roles.get(role) != null && i < roles.get(role).size(); i++) {
                work += step(role, roles.get(role).get(i));
            }
        }
        return work;
    }

    private int source() {
        final int before = machine.actCount();
        if (!machine.isDone() && machine.act(captureAgent != null && captureAgent.isIdle())) {
            end(AGENT);
            machine.capture().advance(REBOOT_NS);
        }
        return machine.actCount() - before;
    }

    private int step(final int role, final Agent agent) {
        final int acts = machine.isBusy() ? source() : 0;
        if (machine.starves()) {
            return 1;
        }
        final long step = counts.merge(Fate.Counted.STEPS, 1L, Long::sum);
        for (final Fate fate : fates) {
            if (fate.kind().counted() == Fate.Counted.STEPS && fate.at() == step) {
                meet(fate.kind());
            }
        }
        if (roles.get(role) == null || !roles.get(role).contains(agent)) {
            return 1;
        }
        if (role == TARGET && fates.size() > 2) {
            armDisk();
            noteDurable();
        }
        final int work = guarded(role, this::work, agent);
        if (work > 0) {
            workingSteps.add(step);
        }
        if (role == AGENT) {
            machine.assertCovered(promises);
        }
        return work + acts;
    }

    private int work(final int role, final Agent agent) throws IOException {
        try {
            return agent.doWork();
        } catch (final RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new IOException(e);
        }
    }

    /** Something that a role does, and that it may not survive. */
    private interface Deed {
        int run(int role, Agent agent) throws IOException;
    }

    private int guarded(final int role, final Deed deed, final Agent agent) {
        try {
            return deed.run(role, agent);
        } catch (final Killed e) {
            end(role);
        } catch (final SimulatedCrash e) {
            powerCut = keeping.again();
            disk.restart(powerCut);
            armDisk();
            end(TARGET);
        } catch (final FarshoreException e) {
            if (e.exitCode() != ExitCode.STORAGE && e.exitCode() != ExitCode.UNAVAILABLE) {
                throw new AssertionError("I6 fail-stop: " + e.getMessage(), e);
            }
            end(role);
        } catch (final IOException e) {
            throw new AssertionError("a role lets an IOException out", e);
        }
        return 1;
    }

    // fates

    private void meet(final Fate.Kind kind) {
        switch (kind) {
            case AGENT_DIES -> end(AGENT);
            case PROCESS_SERVER_DIES -> end(RELAY);
            case MASTER_TARGET_DIES -> end(TARGET);
            case LOWER_HOP_BREAKS -> lower.breakAll();
            case UPPER_HOP_BREAKS -> upper.breakAll();
            case JOURNAL_ROTS -> {
                if (rot.strike(disk, targetCounters)) {
                    end(TARGET);
                }
            }
            default -> throw new IllegalArgumentException(kind + " is not a matter of steps");
        }
        disturbedNs = clocks.nanoTime();
    }

    private void onMessage(final Fate.Counted counted, final MemoryLinks hop) {
        final long number = counts.merge(counted, 1L, Long::sum);
        for (final Fate fate : fates) {
            if (fate.kind().counted() == counted && fate.at() == number) {
                disturbedNs = clocks.nanoTime();
                if (fate.kind() == Fate.Kind.LOWER_HOP_BREAKS_AT_A_MESSAGE
                        || fate.kind() == Fate.Kind.UPPER_HOP_BREAKS_AT_A_MESSAGE) {
                    hop.breakAll();
                } else {
                    throw new Killed();
                }
            }
        }
    }

    /** How often a message arrives, and how. */
    private int arrivals(final Fate.Counted counted, final boolean up, final byte[] message) {
        if (!up || !Promises.isRecords(message)) {
            return 1;
        }
        final long number = counts.merge(counted, 1L, Long::sum);
        int arrivals = 1;
        for (final Fate fate : fates) {
            if (fate.kind().counted() == counted && fate.at() == number) {
                disturbedNs = clocks.nanoTime();
                switch (fate.kind()) {
                    case RECORDS_OF_THE_LOWER_HOP_ARE_LOST, RECORDS_OF_THE_UPPER_HOP_ARE_LOST -> arrivals = 0;
                    case RECORDS_OF_THE_LOWER_HOP_COME_TWICE, RECORDS_OF_THE_UPPER_HOP_COME_TWICE -> arrivals = 2;
                    default -> message[(int) (number * 31 % message.length)] ^= 0x10;
                }
            }
        }
        return arrivals;
    }

    private void noteDurable() {
        if (targetCounters != null) {
            rot.note(targetCounters);
        }
    }

    private void onPin() {
        if (isTheTurn(Fate.Counted.PINS, 1)) {
            throw new Killed();
        }
    }

    private void onSourceRead() throws IOException {
        if (isTheTurn(Fate.Counted.SOURCE_READS, SOURCE_READS_FAILING)) {
            throw new IOException("simulated failure of a read of the source");
        }
    }

    private void onDiskRead(final String name) throws IOException {
        if (isTheTurn(Fate.Counted.DISK_READS, 1)) {
            throw new IOException("simulated failure of a read of " + name);
        }
    }

    private boolean isTheTurn(final Fate.Counted counted, final int times) {
        final long number = counts.merge(counted, 1L, Long::sum);
        for (final Fate fate : fates) {
            if (fate.kind().counted() == counted && number >= fate.at() && number < fate.at() + times) {
                disturbedNs = clocks.nanoTime();
                return true;
            }
        }
        return false;
    }

    // processes

    private void end(final int role) {
        roles.set(role, null);
        captureAgent = role == AGENT ? null : captureAgent;
        disturbedNs = clocks.nanoTime();
        downUntilNs[role] = disturbedNs + DOWN_NS;
        if (links[role] != null) {
            links[role].die();
        }
    }

    private int start(final int role, final Agent nothing) {
        links[role] =
                role == AGENT ? new ProcessLinks(null, lower) : new ProcessLinks(role == RELAY ? lower : upper, upper);
        roles.set(
                role,
                switch (role) {
                    case AGENT -> agent();
                    case RELAY ->
                        List.of(new RelayAgent(
                                links[RELAY],
                                entropy,
                                new HeapCounters(),
                                LOWER,
                                MasterTargetContext.LISTEN_DEFAULT,
                                2));
                    default -> target();
                });
        return 1;
    }

    private List<Agent> agent() {
        final DeviceReaderAgent reader = new DeviceReaderAgent();
        machine.agentBegins();
        captureAgent = new CaptureAgent(
                new CaptureContext()
                        .clocks(clocks)
                        .entropy(entropy)
                        .links(links[AGENT])
                        .counters(new HeapCounters())
                        .source(new FragileCapture(machine.capture(), this::onPin, this::onSourceRead))
                        .volumes(machine.volumes())
                        .identity(new AgentSession.Identity(MACHINE_HIGH, MACHINE_LOW, "small", 0))
                        .processServer(LOWER)
                        .probe(new SameVolumes())
                        .barrierIntervalNs(BARRIER_INTERVAL_NS)
                        .conclude(),
                reader);
        return List.of(captureAgent, reader);
    }

    private static final class SameVolumes implements VolumeProbe {
        @Override
        public long sizeBytes(final VolumeDevice volume) {
            return volume.sizeBytes();
        }

        @Override
        public String replacedReason(final VolumeDevice volume) {
            return null;
        }
    }

    private List<Agent> target() {
        targetCounters = new HeapCounters();
        return new MasterTargetAgents(new MasterTargetContext()
                        .files(new WatchedFiles(disk, this::onDiskRead))
                        .clocks(clocks)
                        .entropy(entropy)
                        .counters(targetCounters)
                        .links(links[TARGET])
                        .dataDirectory(DATA)
                        .machines(Set.of("*"))
                        .machinesMax(2)
                        .applyMemory(ARENA_LENGTH)
                        .retentionWindowNs(0)
                        .directMemory(ARENA_LENGTH)
                        .journal(SEGMENT_LENGTH, (long) SEGMENTS * SEGMENT_LENGTH)
                        .conclude())
                .all();
    }

    // the end

    private boolean isDone() {
        return machine.isDone()
                && !roles.contains(null)
                && captureAgent.isIdle()
                && promises.newestCutNs(machine.volumes().size()) > disturbedNs
                && promises.applied() >= promises.durable();
    }

    private void checkReplicas() throws IOException {
        disk.restart(Keeping.NOTHING);
        for (final VolumeDevice volume : machine.volumes()) {
            final byte[] device = machine.capture().bytes(volume.number());
            final byte[] replica = new byte[device.length];
            final Path path = DATA.resolve(TargetStreams.hex(MACHINE_HIGH, MACHINE_LOW))
                    .resolve(volume.name())
                    .resolve("replica.img");
            try (BlockFile file = disk.open(path, BlockFiles.Mode.READ)) {
                file.read(ByteBuffer.wrap(replica), 0);
            }
            if (!Arrays.equals(device, replica)) {
                throw new AssertionError("final equality: the replica of " + volume.name() + " differs at byte "
                        + Arrays.mismatch(device, replica));
            }
        }
    }

    @Override
    public String toString() {
        return fates + (powerCut == null ? "" : " keeping " + keeping) + " at round " + round;
    }
}
