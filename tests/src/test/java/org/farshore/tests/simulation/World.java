package org.farshore.tests.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.BufferUtil;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.mastertarget.MasterTargetAgents;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * A machine, its three roles, the network between them and the target's disk, in one thread, out of one {@link Scenario}.
 *
 * <p>Time is virtual. In each round the source does what is due, faults strike, and each living role is given its turn, the
 * three in an order drawn anew. When somebody had work the next round follows soon; when nobody had, time leaps to what
 * happens next. There are two phases: in the first everything may go wrong and safety is checked; then all faults are
 * over and everything must come right by itself, within a bounded time (liveness): every volume ordered, everything
 * durable and applied, a fresh recovery point over all volumes, and replicas that are the devices, byte for byte.
 */
final class World {
    /** So long after the last fault everything must be well; the longest patience in the product is 60 s. */
    private static final long LIVENESS_NS = 400_000_000_000L;

    private static final long MS_NS = 1_000_000L;
    private static final long IDLE_NS = 20 * MS_NS;
    private static final long RESTART_NS = 200 * MS_NS;
    private static final int COVERAGE_ROUNDS = 16;

    private final Scenario scenario;
    private final VirtualTime time = new VirtualTime();
    private final EventHash hash = new EventHash();
    private final Tally tally = new Tally();
    private final Dice dice;
    private final SourceMachine source;
    private final Network network;
    private final SimulatedDisk disk;
    private final TargetDisk targetDisk;
    private final Promises promises;
    private final Node[] nodes = new Node[3];
    private final RoleLife[] lives = new RoleLife[3];
    private final UnsafeBuffer[] scratch = new UnsafeBuffer[2];
    private final PastOracle past;
    private final PinKeeper pins;
    private final FailoverPlay play;
    private ApplyAgent.SetRetention drain;
    /** When volumes that left come back. */
    private final Map<Integer, Long> returns = new TreeMap<>();

    private int nextFault;
    private long rounds;
    private long disturbedNs;
    private boolean isQuiet;

    World(final Scenario scenario) {
        this.scenario = scenario;
        final Scenario.Installation installation = scenario.installation();
        dice = Dice.of(scenario.seed(), "schedule");
        source = new SourceMachine(scenario, hash, tally);
        network = new Network(
                time,
                Dice.of(scenario.seed(), "network"),
                hash,
                tally,
                installation.latencyNs(),
                installation.windowLength());
        disk = new SimulatedDisk(scenario.seed());
        promises = new Promises(source);
        past = new PastOracle(installation.retentionNs(), Dice.of(scenario.seed(), "past"), tally);
        if (installation.retentionNs() > 0) {
            promises.watchCuts(past::onCut);
        }
        network.watch((connection, up, bytes) -> {
            if (connection.hop.index() == Hop.AGENT_TO_RELAY) {
                promises.onMessage(up, bytes);
            }
        });
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = new Node(i, i == Node.AGENT ? source::timeNs : time::nowNs, time);
        }
        targetDisk = new TargetDisk(disk, nodes[Node.TARGET], hash, tally);
        pins = installation.isPinned() ? new PinKeeper(Dice.of(scenario.seed(), "pins"), tally) : null;
        final Dice harm = Dice.of(scenario.seed(), "harm");
        play = installation.isOperated()
                ? new FailoverPlay(
                        new OperatedStage(this, source, promises, past, disk, targetDisk, harm),
                        scenario.seed(),
                        !scenario.rots(),
                        tally)
                : null;
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new UnsafeBuffer(
                    BufferUtil.allocateDirectAligned(StreamLimits.MESSAGE_LENGTH_MAX, StreamLimits.BLOCK_LENGTH));
        }
    }

    /** Runs a scenario from begin to end. */
    static Outcome run(final Scenario scenario) {
        final World world = new World(scenario);
        Violation violation = null;
        try {
            world.play();
        } catch (final Violation e) {
            violation = e;
        } catch (final RuntimeException | AssertionError e) {
            violation = new Violation("I6", "a role let something out that it must handle: " + e, e);
        } finally {
            world.close();
        }
        world.tally.simulated(world.time.nowNs());
        return new Outcome(scenario, violation, world.hash.value(), world.tally);
    }

    Node node(final int index) {
        return nodes[index];
    }

    long nowNs() {
        return time.nowNs();
    }

    /** Ends a process from outside, if it lives; it stays away so long. */
    void stop(final int index, final String reason, final long downNs) {
        nodes[index].downNs(downNs);
        if (nodes[index].isAlive()) {
            end(nodes[index], reason);
        } else {
            nodes[index].startsAtNs(time.nowNs() + downNs);
        }
    }

    private void play() {
        while (!isDone()) {
            final long nowNs = time.nowNs();
            if (!isQuiet && nowNs >= scenario.quietNs()) {
                quiet();
            }
            if (nowNs > scenario.quietNs() + LIVENESS_NS) {
                throw new Violation("I8", "comes to no end: " + describe());
            }
            time.moveTo(nowNs + (round(nowNs) > 0 ? dice.between(MS_NS / 20, MS_NS) : idleNs(nowNs)));
        }
        checkReplicas();
    }

    private long idleNs(final long nowNs) {
        long next = Math.min(nowNs + dice.between(IDLE_NS / 4, IDLE_NS), source.nextEventNs());
        if (nextFault < scenario.faults().size()) {
            next = Math.min(next, scenario.faults().get(nextFault).atNs());
        }
        return Math.max(MS_NS / 20, next - nowNs);
    }

    private int round(final long nowNs) {
        rounds++;
        int work = source.advance(nowNs);
        strike(nowNs);
        network.advance();
        final int first = dice.below(nodes.length);
        final int step = 1 + dice.below(2);
        for (int i = 0; i < nodes.length; i++) {
            work += turn(nodes[(first + i * step) % nodes.length], nowNs);
        }
        if (play != null) {
            work += operate(nowNs);
        }
        if (rounds % COVERAGE_ROUNDS == 0) {
            checkSafety();
        }
        return work;
    }

    private int operate(final long nowNs) {
        final Node target = nodes[Node.TARGET];
        final RoleLife life = lives[Node.TARGET];
        if (!target.isAlive() || nowNs < target.pausedUntilNs() || play.isOver()) {
            return 0;
        }
        final int work = survive(target, () -> play.advance(life.masterTarget(), life.exports(), nowNs, isQuiet));
        disturbedNs = play.isOver() ? source.timeNs() : disturbedNs;
        return work;
    }

    private void checkSafety() {
        tally.check();
        source.checkCovered(promises);
        final Node target = nodes[Node.TARGET];
        final boolean isPastInOrder = play == null || !play.isBusy();
        if (scenario.installation().retentionNs() > 0 && target.isAlive() && drain == null && isPastInOrder) {
            final MasterTargetAgents masterTarget = lives[Node.TARGET].masterTarget();
            past.check(masterTarget, source.timeNs(), promises.durable());
            final StreamHistory history = pins == null ? null : history();
            if (history != null && history.points().endSequence() >= promises.durable()) {
                pins.check(masterTarget, history, past.isMissingAllowed());
            }
        }
    }

    /** What is kept of the machine's past; null when the target has not met it yet. */
    private StreamHistory history() {
        final List<TargetStream> streams =
                lives[Node.TARGET].masterTarget().applyAgent().streams();
        return streams.isEmpty() ? null : streams.get(0).history();
    }

    // roles

    private int turn(final Node node, final long nowNs) {
        if (!node.isAlive()) {
            if (nowNs < node.startsAtNs()) {
                return 0;
            }
            start(node);
        }
        if (!node.isAlive() || nowNs < node.pausedUntilNs()) {
            return 0;
        }
        int work = 0;
        final List<Agent> agents = lives[node.index()].agents();
        final int first = dice.below(agents.size());
        for (int i = 0; i < agents.size() && node.isAlive(); i++) {
            final Agent agent = agents.get((first + i) % agents.size());
            if (!targetDisk.isBusy(agent, nowNs)) {
                tally.step();
                work += survive(node, () -> agent.doWork());
            }
        }
        return work;
    }

    private void start(final Node node) {
        hash.add(7, node.index());
        node.begin();
        final NodeLinks links = network.linksOf(node, scratch[0], scratch[1]);
        survive(node, () -> {
            lives[node.index()] = new RoleLife(links);
            lives[node.index()].start(scenario, node, source, targetDisk.files());
            return 1;
        });
    }

    /** Something that a role does, and that it may not survive. */
    private interface Deed {
        int run() throws Exception;
    }

    private int survive(final Node node, final Deed deed) {
        try {
            return deed.run();
        } catch (final Killed e) {
            tally.reached(Rarity.KILLED_INSIDE);
            end(node, "killed");
        } catch (final SimulatedCrash e) {
            end(node, "power cut");
            disk.restart(SimulatedDisk.Survival.RANDOM);
            if (play != null) {
                play.stopped(true);
            }
        } catch (final FarshoreException e) {
            onExit(node, e);
        } catch (final Violation | RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new Violation("I6", node.name() + " let an exception out: " + e, e);
        }
        return 1;
    }

    private void onExit(final Node node, final FarshoreException e) {
        if (e.exitCode() != ExitCode.STORAGE && e.exitCode() != ExitCode.UNAVAILABLE) {
            throw new Violation("I6", node.name() + " ends with " + e.exitCode() + ": " + e.getMessage(), e);
        }
        tally.reached(e.exitCode() == ExitCode.STORAGE ? Rarity.POISONED : Rarity.DUPLICATE);
        end(node, e.getMessage());
    }

    private void end(final Node node, final String reason) {
        hash.add(8, node.index());
        if (node.index() == Node.TARGET) {
            past.forgetViews();
            if (pins != null) {
                pins.stopped();
            }
            if (play != null) {
                play.stopped(false);
            }
        }
        disturbedNs = source.timeNs();
        final RoleLife life = lives[node.index()];
        if (life != null) {
            life.tell(tally);
            life.end(network);
        }
        lives[node.index()] = null;
        node.end(reason, RESTART_NS);
    }

    // faults

    private void strike(final long nowNs) {
        rejoin(isQuiet ? Long.MAX_VALUE : nowNs);
        while (!isQuiet
                && nextFault < scenario.faults().size()
                && nowNs >= scenario.faults().get(nextFault).atNs()) {
            final Fault fault = scenario.faults().get(nextFault++);
            tally.fault(fault.kind());
            hash.add(9, fault.number());
            disturbedNs = source.timeNs();
            strike(fault, nowNs);
        }
    }

    private void strike(final Fault fault, final long nowNs) {
        final long untilNs = nowNs + fault.durationNs();
        final Hop hop = network.hop(Math.min(fault.place(), 1));
        switch (fault.kind()) {
            case BREAK -> network.breakHop(fault.place(), (int) fault.amount());
            case STALL -> network.stall(fault.place(), (int) fault.amount() & 1, fault.durationNs());
            case PARTITION -> hop.partition(untilNs);
            case REFUSE -> network.refuse(fault.place(), (int) fault.amount());
            case SLOW_NETWORK -> hop.slow(fault.amount() * 1000, untilNs);
            case CORRUPT -> hop.corruptNext(fault.amount());
            case KILL -> kill(nodes[fault.place()], fault.amount(), fault.durationNs());
            case PAUSE -> nodes[fault.place()].pause(fault.durationNs());
            case TARGET_POWER -> targetDisk.cutPowerAt(fault.amount(), fault.durationNs());
            case SOURCE_POWER -> losePower(fault.durationNs());
            case WRITE_FAILS, SYNC_FAILS -> targetDisk.failChange(fault.amount());
            case READ_FAILS -> {
                past.mayMiss();
                targetDisk.failRead(fault.amount());
            }
            case SLOW_DISK -> targetDisk.beSlow(fault.amount() * 1000, untilNs);
            case DISK_FULL -> targetDisk.beFull(fault.amount() << 10, untilNs);
            case ROT -> {
                past.mayMiss();
                targetDisk.rot(fault.amount(), scenario.installation().retentionNs() > 0);
            }
            case RING_LOSS -> source.capture().loseNext((int) fault.amount());
            case BURST -> source.burst((int) fault.amount(), nowNs);
            case MISSED_RUN -> source.capture().loseCoverage(fault.place());
            case SOURCE_WRITE_FAILS -> source.failWrites((int) fault.amount());
            case SOURCE_READ_FAILS -> source.capture().failReads(fault.amount());
            case LEAVE -> leave(fault.place(), untilNs);
            case GROW -> source.grow(fault.place(), (int) fault.amount());
            case CLOCK_JUMP -> nodes[fault.place()].jumpWallClock(fault.amount() * 1000 * MS_NS);
        }
    }

    private void leave(final int volume, final long untilNs) {
        if (source.leave(volume)) {
            past.left(volume);
            returns.put(volume, untilNs);
            stop(Node.AGENT, "a volume was taken out of its settings", RESTART_NS);
        }
    }

    private void rejoin(final long nowNs) {
        if (returns.values().removeIf(atNs -> nowNs >= atNs)) {
            for (int volume = 0; volume < source.volumes(); volume++) {
                if (source.capture().hasLeft(volume) && !returns.containsKey(volume)) {
                    source.capture().rejoin(volume);
                }
            }
            stop(Node.AGENT, "a volume was taken into its settings", RESTART_NS);
        }
    }

    private void kill(final Node node, final long effects, final long downNs) {
        if (!node.isAlive()) {
            return;
        }
        node.downNs(downNs);
        if (effects == 0) {
            end(node, "killed");
        } else {
            node.killAtNextEffect(effects);
        }
    }

    private void losePower(final long downNs) {
        final Node agent = nodes[Node.AGENT];
        agent.downNs(downNs);
        if (agent.isAlive()) {
            end(agent, "power cut of the source");
        }
        source.losePower();
    }

    private void quiet() {
        isQuiet = true;
        disturbedNs = source.timeNs();
        source.quiet();
        network.heal();
        targetDisk.heal();
        for (final Node node : nodes) {
            node.spare();
            node.resume();
        }
    }

    // the end

    private boolean isDone() {
        return isQuiet
                && source.isIdle()
                && (play == null || play.isOver())
                && Arrays.stream(nodes).allMatch(Node::isAlive)
                && lives[Node.AGENT].isIdle()
                && promises.isAllDurable()
                && promises.newestCutNs(source.volumes()) > disturbedNs
                && (pins == null || pins.isOver(lives[Node.TARGET].masterTarget(), history()))
                && isDrained();
    }

    /** Everything is in the replicas; what was kept of the past is given up for that when all else is well. */
    private boolean isDrained() {
        if (scenario.installation().retentionNs() > 0 && drain == null) {
            checkSafety();
            past.closeViews();
            final ApplyAgent apply = lives[Node.TARGET].masterTarget().applyAgent();
            drain = new ApplyAgent.SetRetention(apply.streams().get(0), 0);
            apply.offer(drain);
        }
        return promises.applied() >= promises.durable();
    }

    private void checkReplicas() {
        checkSafety();
        for (final Node node : nodes) {
            end(node, "the end");
        }
        disk.restart(SimulatedDisk.Survival.NONE);
        for (int volume = 0; volume < source.volumes(); volume++) {
            final byte[] device = source.capture().bytes(volume);
            final byte[] replica = new byte[device.length];
            final Path path = RoleLife.DATA
                    .resolve(TargetStreams.hex(RoleLife.MACHINE_HIGH, RoleLife.MACHINE_LOW))
                    .resolve("v" + volume)
                    .resolve("replica.img");
            try (BlockFile file = disk.open(path, BlockFiles.Mode.READ)) {
                file.read(ByteBuffer.wrap(replica), 0);
            } catch (final IOException e) {
                throw new Violation("I1", "the replica of volume " + volume + " cannot be read: " + e, e);
            }
            if (!Arrays.equals(device, replica)) {
                final int sector = Arrays.mismatch(device, replica) / SectorStamp.LENGTH;
                throw new Violation(
                        "I1",
                        "the replica of volume " + volume + " differs from its device at sector " + sector + ": it has "
                                + source.oracle().describe(stamp(replica, volume, sector)) + ", the device "
                                + source.oracle().describe(stamp(device, volume, sector)) + ", promised was "
                                + source.oracle().describe(stamp(promises.copy(volume), volume, sector)));
            }
        }
    }

    private static int stamp(final byte[] bytes, final int volume, final int sector) {
        return SectorStamp.read(bytes, sector * SectorStamp.LENGTH, volume, sector);
    }

    private void close() {
        for (final Node node : nodes) {
            if (node.isAlive()) {
                end(node, "closed");
            }
        }
    }

    private String describe() {
        final List<String> words = new ArrayList<>();
        for (final Node node : nodes) {
            words.add(node.name() + (node.isAlive() ? " lives" : " is dead: " + node.lastEnd()));
        }
        if (lives[Node.AGENT] != null) {
            words.add(lives[Node.AGENT].describe(source.volumes()));
        }
        if (scenario.installation().retentionNs() > 0 && lives[Node.TARGET] != null) {
            words.add(past.describe(lives[Node.TARGET].masterTarget()));
        }
        if (play != null) {
            words.add(play.describe());
        }
        words.add("durable " + promises.durable() + ", applied " + promises.applied() + ", newest cut "
                + promises.newestCutNs(source.volumes()) + " ns, last fault " + disturbedNs + " ns");
        return String.join("; ", words);
    }
}
