package org.farshore.dataplane.mastertarget;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MemoryLinks;

/** A master target in one thread, on a simulated disk and a network in memory; it can be started again after a stop. */
final class TargetHarness {
    static final long MACHINE_HIGH = 0x1111;
    static final long MACHINE_LOW = 0x2222;
    static final String MACHINE = TargetStreams.hex(MACHINE_HIGH, MACHINE_LOW);
    static final Path DATA = Path.of("/data");

    private static final int STEPS_MAX = 20_000;
    static final int SEGMENT_LENGTH = 256 << 10;
    private static final int INDEX_PAGES = 16;

    final SimulatedDisk disk;
    final ManualClocks clocks = new ManualClocks();
    final SeededEntropy entropy;
    HeapCounters counters = new HeapCounters();
    MemoryLinks links;
    Set<String> machines = Set.of("*");
    Map<String, String> replicas = Map.of();
    boolean adopt;
    int machinesMax = 4;
    int segments = 16;
    long retentionWindowNs;
    ViewsInMemory exports = new ViewsInMemory();
    private final long seed;
    MasterTargetAgents target;
    private List<Agent> agents;
    private long connections;

    TargetHarness(final long seed) {
        this.seed = seed;
        disk = new SimulatedDisk(seed);
        entropy = new SeededEntropy(seed);
    }

    TargetHarness start() {
        links = new MemoryLinks(seed);
        counters = new HeapCounters();
        exports = new ViewsInMemory();
        target = new MasterTargetAgents(new MasterTargetContext()
                .files(disk)
                .clocks(clocks)
                .entropy(entropy)
                .counters(counters)
                .links(links)
                .exports(exports)
                .dataDirectory(DATA)
                .machines(machines)
                .machinesMax(machinesMax)
                .replicas(replicas)
                .adopt(adopt)
                .applyMemory(4 << 20)
                .directMemory(8 << 20)
                .retentionWindowNs(retentionWindowNs)
                .indexPagesPerFile(INDEX_PAGES)
                .journal(SEGMENT_LENGTH, (long) segments * SEGMENT_LENGTH)
                .conclude());
        agents = target.all();
        return this;
    }

    TestSender connect() {
        return connect(MACHINE_LOW);
    }

    TestSender connect(final long machineIdLow) {
        return new TestSender(links, MasterTargetContext.LISTEN_DEFAULT, ++connections, MACHINE_HIGH, machineIdLow);
    }

    /** Connects, says hello and waits until it is answered and the data stream is open. */
    TestSender welcomed(final long captureId) {
        final TestSender sender = connect();
        sender.hello(captureId);
        until(sender, () -> sender.isDataConnected() || sender.rejected != null);
        return sender;
    }

    void step() {
        for (final Agent agent : agents) {
            step(agent);
        }
        clocks.advance(1_000_000);
    }

    void step(final int agent) {
        step(agents.get(agent));
    }

    private static void step(final Agent agent) {
        try {
            agent.doWork();
        } catch (final RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new AssertionError(e);
        }
    }

    void until(final TestSender sender, final BooleanSupplier condition) {
        for (int i = 0; i < STEPS_MAX; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
            step();
            sender.poll();
        }
        throw new AssertionError("nothing came of it; rejected: " + sender.rejected + " " + sender.rejectText);
    }

    /** Waits until everything up to a sequence is in the replica, synced. */
    void untilApplied(final TestSender sender, final long sequence) {
        until(sender, () -> sender.appliedSequence >= sequence || sender.rejected != null);
    }

    byte[] replica(final String volume) {
        return file(DATA.resolve(MACHINE).resolve(volume).resolve("replica.img"));
    }

    byte[] file(final Path path) {
        try (BlockFile file = disk.open(path, BlockFiles.Mode.READ)) {
            final byte[] bytes = new byte[(int) file.length()];
            file.read(ByteBuffer.wrap(bytes), 0);
            return bytes;
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    static byte[] filled(final int length, final int value) {
        final byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
