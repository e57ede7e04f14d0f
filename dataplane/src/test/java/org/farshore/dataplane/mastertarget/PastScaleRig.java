package org.farshore.dataplane.mastertarget;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.index.PieceHandler;
import org.farshore.dataplane.index.VersionReader;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.ship.MemoryLinks;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/** A master target on this machine's disk, its agents in one thread, and a sender that fills it as fast as it takes. */
final class PastScaleRig implements AutoCloseable {
    static final long VOLUME_BYTES = 1L << 40;
    private static final int SEGMENT_LENGTH = 64 << 20;
    private static final long JOURNAL_LIMIT = 16L << 30;
    private static final int MESSAGES_MAX = 256;
    private static final long CAPTURE = 9;
    private static final PieceHandler NOBODY = new PieceHandler() {
        @Override
        public void onBase(final long offset, final long length) {}

        @Override
        public void onZero(final long offset, final long length) {}

        @Override
        public void onJournal(
                final long offset, final long length, final long journalPosition, final int payloadOffset) {}
    };
    private static final long PATIENCE_NS = TimeUnit.MINUTES.toNanos(1);

    private final Path directory;
    private final SystemClocks clocks = new SystemClocks();
    private final SeededEntropy entropy = new SeededEntropy(1);
    private final List<Extent> extents = new ArrayList<>();
    private final MessageWriter writer =
            new MessageWriter(TargetHarness.MACHINE_HIGH, TargetHarness.MACHINE_LOW).compress(true);
    private HeapCounters counters;
    private MemoryLinks links;
    private MasterTargetAgents target;
    private TestSender sender;
    private int connections;

    PastScaleRig(final Path directory) {
        this.directory = directory;
    }

    static UUID uuid(final int volume) {
        return new UUID(volume, ~(long) volume);
    }

    static double secondsSince(final long beganNs) {
        return (System.nanoTime() - beganNs) / 1e9;
    }

    /** Processor time of this thread: what is left of a measured time when others were given the processor meanwhile. */
    static long cpuNs() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    /** Memory of this process that is really there. */
    static long residentBytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            final String line =
                    lines.filter(one -> one.startsWith("VmRSS")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void start() {
        counters = new HeapCounters();
        links = new MemoryLinks(1);
        links.messagesMax(MESSAGES_MAX);
        target = new MasterTargetAgents(new MasterTargetContext()
                .files(new ChannelBlockFiles())
                .clocks(clocks)
                .entropy(entropy)
                .counters(counters)
                .links(links)
                .dataDirectory(directory)
                .machines(Set.of("*"))
                .replicas(Map.of())
                .retentionWindowNs(TimeUnit.HOURS.toNanos(24))
                .journal(SEGMENT_LENGTH, JOURNAL_LIMIT)
                .conclude());
    }

    /** Stops the role and starts it again; prints how long it takes until every moment can be asked for. */
    void restart() {
        close();
        final long began = System.nanoTime();
        final long beganCpu = cpuNs();
        start();
        final double opened = secondsSince(began);
        until(() ->
                !target.followAgent().histories().isEmpty() && history().index().isReady());
        until(() -> history().index().indexedPosition()
                >= history().points().latest(Set.of(uuid(1))).point().position());
        System.out.printf(
                "start of the role: journal %.2f s, with its index %.2f s (processor %.2f s)%n",
                opened, secondsSince(began), (cpuNs() - beganCpu) / 1e9);
    }

    void connect() {
        sender = new TestSender(
                links,
                MasterTargetContext.LISTEN_DEFAULT,
                ++connections,
                TargetHarness.MACHINE_HIGH,
                TargetHarness.MACHINE_LOW);
        until(() -> sender.hello(CAPTURE));
        until(() -> sender.welcome != null);
        until(sender::isDataConnected);
        writer.begin(
                sender.welcome.generation(),
                sender.welcome.incarnation(),
                sender.welcome.nextSequence(),
                Math.max(0, sender.welcome.capturePosition()));
    }

    /** A volume of 1 TiB that is ordered from its first byte on. */
    void volume(final int number) {
        offer(writer.volumeAdded(number, number, VOLUME_BYTES, "volume" + number));
        offer(writer.volumeState(number, WriteOrder.ORDERED, StateReason.CONVERGED));
    }

    void write(final int volume, final long offset, final byte[] bytes) {
        extents.add(Extent.write(volume, offset, bytes));
    }

    void discard(final int volume, final long length) {
        extents.add(Extent.empty(volume, ExtentKind.DISCARD, 0, length));
    }

    /** What was written since the last call, as one message. */
    void send() {
        offer(writer.batch(extents));
        extents.clear();
    }

    void barrier(final int volume, final String label) {
        offer(writer.captureTimeNs(clocks.nanoTime()).barrier(clocks.epochNanos(), BarrierKind.CRASH, label, volume));
    }

    private void offer(final MessageWriter message) {
        final byte[] bytes = message.bytes();
        until(() -> sender.send(bytes));
    }

    /** Waits until the barrier that was sent last is a point, with every version before it. */
    void settle(final int volume) {
        final long newest = writer.nextSequence() - 1;
        until(() -> sender.durableSequence >= newest);
        until(() -> {
            final PointChoice latest = history().points().latest(Set.of(uuid(volume)));
            return latest.isGranted()
                    && latest.point().sequence() == newest
                    && history().index().indexedPosition() >= latest.point().position();
        });
    }

    private void until(final BooleanSupplier condition) {
        final long began = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - began > PATIENCE_NS) {
                throw new AssertionError("nothing came of it in a minute");
            }
            step();
        }
    }

    private void step() {
        try {
            for (final Agent agent : target.all()) {
                agent.doWork();
            }
        } catch (final RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new AssertionError(e);
        }
        if (sender != null) {
            sender.poll();
        }
    }

    StreamHistory history() {
        return target.followAgent().histories().get(0);
    }

    List<RecoveryPoint> points(final int volume) {
        return history().points().list(Set.of(uuid(volume)));
    }

    /** Reads through a view; answers how many entries of the index were looked at for it. */
    long read(final RecoveryPoint point, final int volume, final long offset, final byte[] target)
            throws ViewException {
        final ByteBuffer bytes = ByteBuffer.allocateDirect(target.length);
        try (RecoveryView view = history().volumes().openView(point, uuid(volume), null);
                ViewAccess access = view.newAccess()) {
            access.read(offset, bytes);
            bytes.flip().get(target);
        }
        try (VersionReader reader = history().index().newReader()) {
            final long moment = reader.momentBefore(point.position(), point.frameEntries());
            reader.read(volume, offset, target.length, moment, NOBODY);
            return reader.steps();
        }
    }

    long indexVersions() {
        return history().index().liveVersions();
    }

    long indexBytes() {
        return indexVersions() * 32;
    }

    long journalBytes() {
        return counters.get(ReplicationCounter.JOURNAL_DURABLE_POSITION, TargetHarness.MACHINE);
    }

    @Override
    public void close() {
        sender = null;
        for (final Agent agent : target.all()) {
            try {
                agent.onClose();
            } catch (final Exception e) {
                throw new AssertionError(e);
            }
        }
    }
}
