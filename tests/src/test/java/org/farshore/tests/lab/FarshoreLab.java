package org.farshore.tests.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * One protected machine with its process server and master target: three real processes on devices of our own. Instance
 * names, ports and directories are unique, so that labs may run beside each other. Everything is taken away at the end,
 * also when the test or the whole JVM is ended.
 *
 * <p>Totals go over all lives of a role: a killed role's last counter values are kept.
 */
public final class FarshoreLab implements AutoCloseable {
    private static final int EXIT_UNAVAILABLE = ExitCode.UNAVAILABLE.code();
    /** Value of {@link ReplicationCounter#SESSION_STATE}. */
    public static final int STREAMING = 3;

    private static final Pattern WELCOME = Pattern.compile("to=STREAMING reason=\"incarnation \\d+ next (\\d+)\"");
    private static final Duration UP_LIMIT = Duration.ofSeconds(30);
    private static final Deque<FarshoreLab> OPEN = new ConcurrentLinkedDeque<>();

    static {
        // Once, before roles that start together would each find something to build.
        Shell.run(Duration.ofMinutes(10), Map.of(), List.of(launcher().toString(), "build"))
                .mustSucceed();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.forEach(FarshoreLab::close), "lab-cleanup"));
    }

    private final String instance;
    private final Path directory;
    private final Map<Role, Map<String, String>> settings = new EnumMap<>(Role.class);
    private final Map<Role, RoleProcess> processes = new EnumMap<>(Role.class);
    private final Map<Role, List<String>> prefixes = new EnumMap<>(Role.class);
    private final Map<Role, Map<ReplicationCounter, Long>> earlier = new EnumMap<>(Role.class);
    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, Path> volumes = new LinkedHashMap<>();
    private final Deque<AutoCloseable> cleanup = new ArrayDeque<>();
    private final Belongings guests = new Belongings();
    private Path bpf;
    private boolean kernelSide;
    private boolean closed;

    private FarshoreLab(final String name) {
        this.instance = name + "-" + ProcessHandle.current().pid() + "-" + (System.nanoTime() & 0xffff);
        try {
            directory = Files.createTempDirectory("farshore-" + name + "-");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        for (final Role role : Role.values()) {
            settings.put(role, new TreeMap<>());
            prefixes.put(role, List.of());
            earlier.put(role, new EnumMap<>(ReplicationCounter.class));
            set(role, "instance", instance);
            set(role, "aeron.directory", aeronDirectory(role).toString());
            if (role != Role.PROCESS_SERVER) {
                set(role, "data.directory", directory.resolve(role.verb()).toString());
            }
        }
        final int port = freePorts();
        set(Role.AGENT, "process-server", "127.0.0.1:" + port);
        set(Role.PROCESS_SERVER, "listen", "127.0.0.1:" + port);
        set(Role.PROCESS_SERVER, "master-target", "127.0.0.1:" + (port + 2));
        set(Role.MASTER_TARGET, "listen", "127.0.0.1:" + (port + 2));
        set(Role.MASTER_TARGET, "machines", "*");
        set(Role.MASTER_TARGET, "retention.window", "0");
        set(Role.AGENT, "ring.length", "32m");
        set(Role.AGENT, "barrier.interval", "250ms");
        set(Role.AGENT, "scan.pause", "100ms");
        OPEN.add(this);
    }

    /** A new lab; the name goes into its directory and instance names. */
    public static FarshoreLab create(final String name) {
        return new FarshoreLab(name);
    }

    /** The launcher at the root of the tree. */
    public static Path launcher() {
        return root().resolve("farshore");
    }

    /** The root of the tree under test. */
    public static Path root() {
        return Path.of(System.getProperty("farshore.root", ".."))
                .toAbsolutePath()
                .normalize();
    }

    /** First of four UDP ports that are free now. */
    private static int freePorts() {
        for (int attempt = 0; attempt < 200; attempt++) {
            final int port =
                    20_000 + (int) ((ProcessHandle.current().pid() * 8 + System.nanoTime() / 1000 * 4) % 12_000);
            if (Stream.of(port, port + 1, port + 2, port + 3).allMatch(FarshoreLab::free)) {
                return port;
            }
        }
        throw new AssertionError("no free UDP ports");
    }

    private static boolean free(final int port) {
        try (DatagramSocket socket = new DatagramSocket(null)) {
            socket.bind(new InetSocketAddress("127.0.0.1", port));
            return true;
        } catch (final SocketException e) {
            return false;
        }
    }

    public Path directory() {
        return directory;
    }

    public String instance() {
        return instance;
    }

    /** Shared memory of the role: what {@code farshore stat --dir} looks at. */
    public Path aeronDirectory(final Role role) {
        return Path.of("/dev/shm/farshore-" + role.verb() + "-" + instance);
    }

    // ---- preparing

    /** Sets {@code farshore.<role>.<thing>}; counts from the role's next start. */
    public FarshoreLab set(final Role role, final String thing, final String value) {
        settings.get(role).put(role.key(thing), value);
        return this;
    }

    /** A word before the launcher, such as {@code setpriv ...} or {@code nsenter ...}. */
    public FarshoreLab prefix(final Role role, final String... words) {
        prefixes.put(role, List.of(words));
        return this;
    }

    /** More environment for the launcher. */
    public FarshoreLab environment(final String name, final String value) {
        environment.put(name, value);
        return this;
    }

    /** A loop device on a sparse file in the lab's directory. */
    public LoopDevice loop(final String name, final long length) {
        return onClose(LoopDevice.create(directory.resolve(name + ".img"), length));
    }

    /** A loop device on a sparse file in memory. */
    public LoopDevice memoryLoop(final String name, final long length) {
        return onClose(LoopDevice.create(Path.of("/dev/shm/lab-" + instance + "-" + name + ".img"), length));
    }

    public ZramDevice zram(final long length) {
        return onClose(ZramDevice.create(length));
    }

    /** Two network namespaces with a cable. */
    public NetworkPair network() {
        return onClose(NetworkPair.create());
    }

    /** Closes {@code thing} with the lab, in the opposite order of making. */
    public <T extends AutoCloseable> T onClose(final T thing) {
        cleanup.push(thing);
        return thing;
    }

    /** Makes something that lives on what the roles serve: it is closed while they still run, however the test ends. */
    public <T extends AutoCloseable> T guest(final Supplier<T> maker) {
        return guests.make(maker);
    }

    /** Mounts a device, lets {@code use} work below the mount point, and unmounts it, whatever happens. */
    public void mounted(final Path device, final Consumer<Path> use) {
        final Path point;
        try {
            point = Files.createTempDirectory(directory, "mnt");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        Shell.must("mount", device.toString(), point.toString());
        try {
            use.accept(point);
        } finally {
            Shell.must("umount", point.toString());
        }
    }

    /** Protects a device under a volume name; counts from the agent's next start. */
    public FarshoreLab protect(final String volume, final Path device) {
        volumes.put(volume, device);
        return set(Role.AGENT, "volume." + volume, device.toString());
    }

    /** Takes over a setting of another lab, such as where its process server listens. */
    public FarshoreLab copySetting(final FarshoreLab other, final Role role, final String thing) {
        return set(role, thing, other.settings.get(role).get(role.key(thing)));
    }

    /**
     * Gives the agent a bpffs of its own for its pins, so that nothing is left in the machine's, whatever happens. Without
     * it the agent pins where it does by default.
     */
    public FarshoreLab withBpfFilesystem() {
        bpf = directory.resolve("bpf");
        Shell.script("mkdir " + bpf + " && mount -t bpf -o mode=0777 bpf " + bpf);
        onClose(() -> Shell.attempt("umount", bpf.toString()));
        return set(Role.AGENT, "bpf.directory", bpf.toString());
    }

    /** What the agent has pinned, without directories. */
    public List<String> pins() {
        return Shell.must("find", bpf.toString(), "-mindepth", "2", "-not", "-type", "d")
                .lines()
                .toList();
    }

    /** Takes the pins away as a reboot would: the programs end and the maps are gone. The agent must not run. */
    public void forgetKernelSide() {
        Shell.script("rm -rf " + bpf + "/????????????????????????????????");
    }

    // ---- lives of the roles

    /** Writes a role's settings file and returns its path. */
    public Path writeConfig(final Role role) {
        final Path file = directory.resolve(role.verb() + ".properties");
        final StringBuilder text = new StringBuilder();
        settings.get(role)
                .forEach((key, value) ->
                        text.append(key).append('=').append(value).append('\n'));
        try {
            Files.writeString(file, text, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** Starts all three, target first, and waits until they are up. */
    public FarshoreLab startAll() {
        launch(Role.MASTER_TARGET);
        launch(Role.PROCESS_SERVER);
        launch(Role.AGENT);
        processes.values().forEach(process -> process.awaitUp(UP_LIMIT));
        return this;
    }

    /** Starts one role and waits until it is up. */
    public RoleProcess start(final Role role) {
        return launch(role).awaitUp(UP_LIMIT);
    }

    /**
     * Starts the agent as its service unit does: again when it ends with 75, as it must while the target still takes the one
     * before it, with another capture, for alive.
     */
    public void startAgentUntilWelcome(final Duration limit) {
        start(Role.AGENT);
        Await.until(
                "the agent is welcome",
                limit,
                () -> {
                    final RoleProcess agent = process(Role.AGENT);
                    if (!agent.alive()) {
                        assertThat(agent.awaitExit(limit)).as(agent.tail()).isEqualTo(EXIT_UNAVAILABLE);
                        start(Role.AGENT);
                    }
                    return now(Role.AGENT, ReplicationCounter.SESSION_STATE) == STREAMING;
                },
                this::state);
    }

    /** Starts one role without waiting. */
    public RoleProcess launch(final Role role) {
        final RoleProcess before = processes.get(role);
        if (before != null && before.alive()) {
            throw new AssertionError(role.verb() + " runs already");
        }
        kernelSide |= role == Role.AGENT;
        final RoleProcess process = RoleProcess.start(
                role,
                prefixes.get(role),
                writeConfig(role),
                aeronDirectory(role),
                directory.resolve(role.verb() + ".log"),
                environment);
        processes.put(role, process);
        return process;
    }

    public RoleProcess process(final Role role) {
        return processes.get(role);
    }

    /** SIGKILL. */
    public void kill(final Role role) {
        processes.get(role).kill();
        keepTotals(role);
    }

    /** SIGTERM; the exit code. */
    public int stop(final Role role) {
        final int code = processes.get(role).stop();
        keepTotals(role);
        return code;
    }

    private void keepTotals(final Role role) {
        final RoleCounters counters = processes.get(role).counters();
        if (counters != null) {
            for (final ReplicationCounter counter : ReplicationCounter.values()) {
                earlier.get(role).merge(counter, counters.sum(counter), Long::sum);
            }
        }
    }

    // ---- looking

    /** The counters of the role's present life. */
    public RoleCounters counters(final Role role) {
        return processes.get(role).counters();
    }

    /** Value now, summed over subjects, in the present life. */
    public long now(final Role role, final ReplicationCounter counter) {
        return counters(role).sum(counter);
    }

    /** Sum over all lives of the role; for counters that begin at zero with each life. */
    public long total(final Role role, final ReplicationCounter counter) {
        final RoleProcess process = processes.get(role);
        final long present = process.alive() && process.counters() != null
                ? process.counters().sum(counter)
                : 0;
        return earlier.get(role).getOrDefault(counter, 0L) + present;
    }

    /** The replica file of a volume, once the target has made it. */
    public Path replica(final String volume) {
        final Path configured = Path.of(
                settings.get(Role.MASTER_TARGET).getOrDefault(Role.MASTER_TARGET.key("replica." + volume), "/none"));
        if (Files.exists(configured)) {
            return configured;
        }
        final Path data = Path.of(settings.get(Role.MASTER_TARGET).get(Role.MASTER_TARGET.key("data.directory")));
        try (Stream<Path> files = Files.walk(data, 4)) {
            return files.filter(file -> file.endsWith(Path.of(volume, "replica.img")))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no replica of " + volume + " below " + data));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where things stand: every counter of every role and the last lines of its log. */
    public String state() {
        final StringBuilder text = new StringBuilder();
        processes.forEach((role, process) -> {
            text.append(role.verb()).append(process.alive() ? " (runs)\n" : " (ended)\n");
            if (process.counters() != null) {
                text.append(process.counters().dump());
            }
            text.append(process.tail());
        });
        return text.toString();
    }

    // ---- waiting

    /** Waits until every volume is in write order at the target. */
    public void awaitOrdered(final Duration limit) {
        Await.until("every volume is ordered", limit, this::ordered, this::state);
    }

    /** True when every protected volume is in write order and nothing is left to read. */
    public boolean ordered() {
        final RoleProcess agent = living(Role.AGENT);
        final RoleCounters counters = agent.counters();
        return counters != null
                && counters.count(ReplicationCounter.VOLUME_STATE) == volumes.size()
                && counters.min(ReplicationCounter.VOLUME_STATE, 0) == VolumeState.ORDERED
                && counters.sum(ReplicationCounter.VOLUME_TODO) == 0
                && counters.sum(ReplicationCounter.VOLUME_SENT) == 0;
    }

    /**
     * Waits until everything written before this call is in the replica. A recovery point that is cut from now on has
     * taken the ring to its end with no gap before it; the second one from now was certainly begun after this call. What
     * is applied up to a sequence sent behind it holds every write of before. The agent knows it, too: killed now, the next
     * one has nothing to send again.
     */
    public void awaitCaughtUp(final Duration limit) {
        final long sequence = sentBehindTwoPoints(limit);
        Await.until(
                "sequence " + sequence + " is applied",
                limit,
                () -> living(Role.MASTER_TARGET).counters().sum(ReplicationCounter.APPLIED_SEQUENCE) >= sequence,
                this::state);
        awaitDurable(sequence, limit);
    }

    /** Waits until all that the agent has sent is durable and a point lies behind it. */
    public void awaitDurable(final Duration limit) {
        awaitDurable(sentBehindTwoPoints(limit), limit);
    }

    private long sentBehindTwoPoints(final Duration limit) {
        final long points = living(Role.AGENT).counters().sum(ReplicationCounter.BARRIERS);
        Await.until(
                "two recovery points are cut",
                limit,
                () -> living(Role.AGENT).counters().sum(ReplicationCounter.BARRIERS) >= points + 2 && ordered(),
                this::state);
        return now(Role.AGENT, ReplicationCounter.SENT_SEQUENCE);
    }

    private void awaitDurable(final long sequence, final Duration limit) {
        Await.until(
                "the agent knows that sequence " + sequence + " is durable",
                limit,
                () -> living(Role.AGENT).counters().sum(ReplicationCounter.DURABLE_SEQUENCE) >= sequence,
                this::state);
    }

    /** Waits until the target has received {@code bytes} more than now. */
    public void awaitReceiving(final long bytes) {
        final long until = now(Role.MASTER_TARGET, ReplicationCounter.RECEIVE_BYTES) + bytes;
        Await.until(
                bytes + " bytes are received",
                UP_LIMIT,
                () -> now(Role.MASTER_TARGET, ReplicationCounter.RECEIVE_BYTES) >= until,
                this::state);
    }

    /** Waits until the agent streams over a later connection than {@code incarnation}; returns what Welcome said is next. */
    public long awaitWelcome(final long incarnation, final Duration limit) {
        Await.until(
                "the agent is welcome again after incarnation " + incarnation,
                limit,
                () -> now(Role.AGENT, ReplicationCounter.SESSION_INCARNATION) > incarnation,
                this::state);
        final Matcher welcomes = WELCOME.matcher(process(Role.AGENT).log());
        long next = -1;
        while (welcomes.find()) {
            next = Long.parseLong(welcomes.group(1));
        }
        return next;
    }

    private RoleProcess living(final Role role) {
        final RoleProcess process = processes.get(role);
        if (!process.alive()) {
            throw new AssertionError(role.verb() + " has ended:\n" + process.tail());
        }
        return process;
    }

    /** Waits until caught up and then asserts that every replica holds the bytes of its device. */
    public void assertEqualWhenCaughtUp(final String after, final Duration limit) {
        Shell.must("sync");
        awaitCaughtUp(limit);
        assertEqual(after);
    }

    /** Asserts that every replica holds the bytes of its device, both read past the page cache, and says so. */
    public void assertEqual(final String after) {
        requireEqual(after);
        System.out.println("EQUAL after " + after + ": " + String.join(", ", volumes.keySet()));
    }

    /** As {@link #assertEqual}, without a word when all is well. */
    public void requireEqual(final String after) {
        volumes.forEach((volume, device) -> {
            final DirectDisk.Comparison comparison = DirectDisk.compare(device, replica(volume));
            if (!comparison.equal()) {
                throw new AssertionError(
                        "after " + after + " the replica of " + volume + " differs: " + comparison + "\n" + state());
            }
        });
    }

    // ---- ending

    /** Keeps logs, settings and counters of all labs that are open. */
    static void keepTracesOfOpenLabs() {
        OPEN.forEach(LabTraces::keep);
    }

    /** Ends the roles, takes the programs out of the kernel, and removes devices and files. Does not throw. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        OPEN.remove(this);
        LabTraces.keep(this);
        guests.close();
        processes.values().stream().filter(RoleProcess::alive).forEach(RoleProcess::kill);
        if (kernelSide) {
            detach();
        }
        while (!cleanup.isEmpty()) {
            try {
                cleanup.pop().close();
            } catch (final Exception | AssertionError e) {
                System.out.println("cleaning up " + instance + ": " + e.getMessage());
            }
        }
        for (final Role role : Role.values()) {
            Shell.attempt("rm", "-rf", aeronDirectory(role).toString());
        }
        Shell.attempt("rm", "-rf", "--one-file-system", directory.toString());
    }

    /** Takes the capture programs and maps of this lab's machine out of the kernel. */
    public Shell.Result detach() {
        final List<String> command = new ArrayList<>(prefixes.get(Role.AGENT));
        command.addAll(List.of(
                launcher().toString(),
                "agent",
                "--config",
                writeConfig(Role.AGENT).toString(),
                "--detach"));
        return Shell.run(Duration.ofSeconds(30), environment, command);
    }
}
