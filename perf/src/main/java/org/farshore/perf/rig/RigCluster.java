package org.farshore.perf.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.IoUtil;
import org.farshore.dataplane.mastertarget.MasterTarget;
import org.farshore.dataplane.processserver.ProcessServer;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.perf.load.Load;
import org.farshore.perf.load.SyntheticAgent;

/**
 * Agent, process server and master target as three processes, connected and ordered. Everything they leave is removed when
 * it closes.
 */
final class RigCluster implements AutoCloseable {
    private static final long UP_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long DRAIN_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int PORT_MIN = 21_000;
    private static final int PORT_SPAN = 10_000;
    private static final int PORTS = 4;
    private static final int ORDERED = 5;
    private static final long BARRIERS_BYTES_MAX = 1 << 20;

    private final RigSettings settings;
    private final Path directory;
    private final String instance;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final RigRole masterTarget;
    private final RigRole processServer;
    private final RigRole agent;

    RigCluster(final RigSettings settings) {
        this.settings = settings;
        instance = "rig-" + ProcessHandle.current().pid() + "-" + System.nanoTime() % 100_000;
        try {
            directory = Files.createTempDirectory(Files.createDirectories(settings.directory()), "farshore-rig-");
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot use " + settings.directory(), e);
        }
        parts.push(() -> IoUtil.delete(directory.toFile(), true));
        try {
            final NetworkAddress address = new NetworkAddress(settings.mtuLength());
            parts.push(address);
            final int port = freePorts(address.host());
            masterTarget = start("master-target", "perf-server", MasterTarget.class, masterTargetKeys(address, port));
            processServer =
                    start("process-server", "perf-server", ProcessServer.class, processServerKeys(address, port));
            agent = start("agent", "perf-agent", SyntheticAgent.class, agentKeys(address, port));
            await("the volume to be ordered", UP_NS, () -> agent.counter(ReplicationCounter.VOLUME_STATE) == ORDERED);
        } catch (final RuntimeException e) {
            close();
            throw e;
        }
    }

    private RigRole start(final String role, final String kind, final Class<?> main, final Map<String, String> keys) {
        final Path aeron = Path.of("/dev/shm/farshore-" + role + "-" + instance);
        final Map<String, String> all = new TreeMap<>();
        keys.forEach((key, value) -> all.put("farshore." + role + "." + key, value));
        all.put("farshore." + role + ".instance", instance);
        all.put("farshore." + role + ".mtu", Integer.toString(settings.mtuLength()));
        final RigRole started =
                RigRole.start(role, kind, main.getName(), all, directory, aeron, settings.javaOptions());
        parts.push(started);
        await(role, UP_NS, () -> started.counter(ReplicationCounter.ROLE_PID) != 0);
        return started;
    }

    private Map<String, String> masterTargetKeys(final NetworkAddress address, final int port) {
        return Map.of(
                "listen",
                address.host() + ":" + (port + 2),
                "machines",
                "*",
                "data.directory",
                directory.resolve("master-target").toString(),
                "journal.limit",
                Long.toString(settings.journalLimit()),
                "retention.window",
                settings.retentionWindow());
    }

    private static Map<String, String> processServerKeys(final NetworkAddress address, final int port) {
        return Map.of(
                "listen", address.host() + ":" + port,
                "master-target", address.host() + ":" + (port + 2));
    }

    private Map<String, String> agentKeys(final NetworkAddress address, final int port) {
        return Map.of(
                "process-server", address.host() + ":" + port,
                "write.length", Integer.toString(settings.writeLength()),
                "volume.length", Long.toString(settings.volumeLength()));
    }

    /** In the order in which a write meets them. */
    List<RigRole> roles() {
        return List.of(agent, processServer, masterTarget);
    }

    /** Where journal and replica lie. */
    Path directory() {
        return directory;
    }

    RigSettings settings() {
        return settings;
    }

    /** The synthetic machine writes so from now on. */
    void load(final Load load) {
        agent.command(load.command());
    }

    /** Uses and levels of all roles, from now until {@code seconds} later. */
    RigWindow measure(final double seconds) {
        final RigMoment begin = moment();
        sleep((long) (seconds * TimeUnit.SECONDS.toNanos(1)));
        return new RigWindow(begin, moment());
    }

    RigMoment moment() {
        return new RigMoment(
                agent.sample(),
                processServer.sample(),
                masterTarget.sample(),
                processServer.counter(ReplicationCounter.OPTIMISE_IN_BYTES),
                processServer.counter(ReplicationCounter.OPTIMISE_OUT_BYTES),
                masterTarget.counter(ReplicationCounter.APPLIED_BYTES),
                masterTarget.counter(ReplicationCounter.JOURNAL_SYNCS),
                masterTarget.counter(ReplicationCounter.INDEX_VERSIONS),
                masterTarget.counter(ReplicationCounter.INDEX_POSITION));
    }

    /** Ends the load and waits until all of it is durable, and has its versions. */
    void settle() {
        load(Load.NONE);
        await("the load to be durable", DRAIN_NS, this::isDurable);
        final long durable = masterTarget.counter(ReplicationCounter.JOURNAL_DURABLE_POSITION);
        await("the index", DRAIN_NS, () -> masterTarget.counter(ReplicationCounter.INDEX_POSITION) >= durable);
    }

    /** Ends the load and waits until all of it is in the replica; with history, all but the newest barriers. */
    void drain() {
        load(Load.NONE);
        await("the load to be applied", DRAIN_NS, this::isDrained);
    }

    private boolean isDurable() {
        return agent.counter(ReplicationCounter.CAPTURE_TAKEN_POSITION)
                        == agent.counter(ReplicationCounter.CAPTURE_PRODUCER_POSITION)
                && agent.counter(ReplicationCounter.DURABLE_SEQUENCE)
                        == agent.counter(ReplicationCounter.SENT_SEQUENCE);
    }

    private boolean isDrained() {
        if (!isDurable()) {
            return false;
        }
        return settings.hasHistory()
                ? masterTarget.counter(ReplicationCounter.JOURNAL_DURABLE_POSITION)
                                - masterTarget.counter(ReplicationCounter.JOURNAL_APPLIED_POSITION)
                        < BARRIERS_BYTES_MAX
                : masterTarget.counter(ReplicationCounter.APPLIED_SEQUENCE)
                        == agent.counter(ReplicationCounter.SENT_SEQUENCE);
    }

    @Override
    public void close() {
        for (AutoCloseable part = parts.poll(); part != null; part = parts.poll()) {
            try {
                part.close();
            } catch (final Exception e) {
                System.err.println("left behind: " + e);
            }
        }
    }

    static void sleep(final long ns) {
        final long endNs = System.nanoTime() + ns;
        for (long left = ns; left > 0; left = endNs - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private static void await(final String what, final long limitNs, final BooleanSupplier condition) {
        final long endNs = System.nanoTime() + limitNs;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > endNs) {
                throw new IllegalStateException(
                        "waited " + TimeUnit.NANOSECONDS.toSeconds(limitNs) + " s in vain for " + what);
            }
            sleep(LOOK_NS);
        }
    }

    private static int freePorts(final String host) {
        for (int attempt = 0; attempt < PORT_SPAN / PORTS; attempt++) {
            final int port = PORT_MIN + (int) ((ProcessHandle.current().pid() + attempt) * PORTS % PORT_SPAN);
            if (isFree(host, port) && isFree(host, port + 1) && isFree(host, port + 2) && isFree(host, port + 3)) {
                return port;
            }
        }
        throw new IllegalStateException("no free UDP ports");
    }

    private static boolean isFree(final String host, final int port) {
        try (DatagramSocket socket = new DatagramSocket(null)) {
            socket.bind(new InetSocketAddress(host, port));
            return true;
        } catch (final SocketException e) {
            return false;
        }
    }
}
