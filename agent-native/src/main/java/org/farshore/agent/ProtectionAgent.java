package org.farshore.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.farshore.agent.capture.BlockDevices;
import org.farshore.agent.capture.BpfCaptureSource;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.capture.FileCaptureSource;
import org.farshore.agent.capture.KernelFeatures;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.agent.copy.DeviceReaderAgent;
import org.farshore.agent.session.AgentSession;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.RoleMain;
import org.farshore.dataplane.runtime.RoleRunner;
import org.farshore.dataplane.runtime.Settings;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.farshore.dataplane.ship.AeronLinks;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * The role on the protected machine: {@code farshore agent}. When it ends, capture goes on in the kernel and the next
 * start takes it over; {@code --detach} ends the capture itself.
 */
public final class ProtectionAgent implements RoleMain.Role {
    static final String ROLE = "agent";

    private static final StateLog LOG = StateLog.of(ProtectionAgent.class);
    private static final String DETACH = "--detach";
    private static final int MACHINE_NAME_LENGTH_MAX = 64;

    private final Entropy entropy = new SystemEntropy();
    private final BlockFiles files = new ChannelBlockFiles();
    private final boolean mustDetach;
    private AgentSettings settings;

    private ProtectionAgent(final boolean mustDetach) {
        this.mustDetach = mustDetach;
    }

    /** Runs the role; see {@code --help}. */
    public static void main(final String... args) {
        final boolean detach = Arrays.asList(args).contains(DETACH);
        final String[] others =
                Arrays.stream(args).filter(arg -> !DETACH.equals(arg)).toArray(String[]::new);
        System.exit(RoleMain.run(new ProtectionAgent(detach), others));
    }

    @Override
    public String name() {
        return ROLE;
    }

    @Override
    public String summary() {
        return "Follows the volumes named by farshore.agent.volume.NAME=PATH and sends their changes to the process server.\n"
                + "Its end does not end the capture, which goes on in the kernel; " + DETACH
                + " ends that, and the next\n"
                + "start then compares the volumes with their replicas.";
    }

    @Override
    public void configure(final Settings given) {
        settings = new AgentSettings(given);
    }

    @Override
    public void start(final RoleRunner runner) {
        if (!mustDetach) {
            refuseMissingVolumes();
        }
        makeDataDirectory();
        DataDirectoryCheck.check(
                settings.dataDirectory(), List.copyOf(settings.volumes().values()));
        lock(runner);
        final AgentIdentity identity = new AgentIdentity(files, settings.dataDirectory(), entropy);
        final Path bpfDirectory = settings.bpfDirectory().resolve(identity.machineHex());
        if (mustDetach) {
            new BpfCaptureSource(bpfDirectory, settings.ringLength(), List.of(), entropy).detach();
            LOG.info("capture", bpfDirectory, "state", "detached");
            runner.stop();
            return;
        }
        final List<VolumeDevice> volumes = openVolumes(identity, runner);
        final CaptureSource source = openSource(volumes, bpfDirectory, runner);
        startAgents(runner, identity, volumes, source);
    }

    private void startAgents(
            final RoleRunner runner,
            final AgentIdentity identity,
            final List<VolumeDevice> volumes,
            final CaptureSource source) {
        final RoleDriver driver = runner.launchDriver(settings.driver().conclude());
        final Clocks clocks = new SystemClocks();
        final AeronLinks links = new AeronLinks(driver, clocks, entropy, AeronLinks.PEERS_MAX_DEFAULT);
        final DeviceReaderAgent reader = new DeviceReaderAgent();
        final CaptureContext context = new CaptureContext()
                .clocks(clocks)
                .entropy(entropy)
                .links(links)
                .counters(driver.counters())
                .source(source)
                .volumes(volumes)
                .identity(new AgentSession.Identity(
                        identity.machineIdHigh(), identity.machineIdLow(), machineName(), identity.generation()))
                .processServer(settings.processServer())
                .probe(new DeviceProbe(volumes))
                .copyBytesPerSecond(settings.copyBytesPerSecond())
                .barrierIntervalNs(settings.barrierIntervalNs())
                .generationListener(identity::generation)
                .conclude();
        runner.add(new CaptureAgent(context, reader), CaptureAgent.LOAD_FLOOR).addApart(reader);
    }

    private CaptureSource openSource(
            final List<VolumeDevice> volumes, final Path bpfDirectory, final RoleRunner runner) {
        final boolean byKernel = isByKernel(volumes, bpfDirectory);
        final CaptureSource source = byKernel
                ? new BpfCaptureSource(bpfDirectory, settings.ringLength(), volumes, entropy)
                : new FileCaptureSource(volumes, files, entropy, settings.scanPauseNs());
        runner.onEnd(source);
        source.open();
        LOG.info(
                "capture",
                byKernel ? "ebpf" : "scan",
                "state",
                source.resumed() ? "resumed" : "begun",
                "ring.bytes",
                source.ringLength(),
                "consumer",
                source.consumerPosition(),
                "producer",
                source.producerPosition());
        return source;
    }

    private boolean isByKernel(final List<VolumeDevice> volumes, final Path bpfDirectory) {
        if (!"auto".equals(settings.capture())) {
            return "ebpf".equals(settings.capture());
        }
        for (final VolumeDevice volume : volumes) {
            if (!BlockDevices.isBlockDevice(Path.of(volume.path()))) {
                LOG.info("capture", "scan", "reason", volume.path() + " is no block device");
                return false;
            }
        }
        try {
            KernelFeatures.require(bpfDirectory);
            return true;
        } catch (final FarshoreException e) {
            LOG.warn("capture", "scan", "reason", e.getMessage());
            return false;
        }
    }

    private List<VolumeDevice> openVolumes(final AgentIdentity identity, final RoleRunner runner) {
        final List<VolumeDevice> volumes = new ArrayList<>();
        for (final Map.Entry<String, Path> entry : settings.volumes().entrySet()) {
            final AgentIdentity.VolumeIdentity id = identity.volume(entry.getKey());
            final Path path = entry.getValue();
            refuseTwice(volumes, path);
            final BlockFile file = openVolume(entry.getKey(), path);
            runner.onEnd(file);
            volumes.add(new VolumeDevice(
                    id.number(), entry.getKey(), id.idHigh(), id.idLow(), path.toString(), sizeOf(path, file), file));
        }
        return volumes;
    }

    private static void refuseTwice(final List<VolumeDevice> volumes, final Path path) {
        for (final VolumeDevice other : volumes) {
            try {
                if (Files.isSameFile(path, Path.of(other.path()))) {
                    throw new FarshoreException(
                            ExitCode.CONFIGURATION, path + " and " + other.path() + " are one volume: name it once");
                }
            } catch (final IOException e) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION, "cannot look at " + path + ": " + e.getMessage(), e);
            }
        }
    }

    private void refuseMissingVolumes() {
        for (final Map.Entry<String, Path> entry : settings.volumes().entrySet()) {
            if (!files.exists(entry.getValue())) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION,
                        "there is no volume " + entry.getKey() + " at " + entry.getValue() + ": correct farshore.agent."
                                + AgentSettings.VOLUME_PROP_NAME + "." + entry.getKey()
                                + ", or start when the device is there");
            }
        }
    }

    private BlockFile openVolume(final String name, final Path path) {
        try {
            return files.open(path, BlockFiles.Mode.READ_DIRECT);
        } catch (final AccessDeniedException e) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE,
                    "this user may not read volume " + name + " at " + path
                            + ": start the agent with a group that may, such as disk (setpriv --regid disk), or as root",
                    e);
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "cannot read volume " + name + " at " + path + ": " + e.getMessage(), e);
        }
    }

    private static long sizeOf(final Path path, final BlockFile file) {
        try {
            final long size = file.length();
            if (size <= 0 || size % StreamLimits.SECTOR_LENGTH != 0 || size > StreamLimits.VOLUME_LENGTH_MAX) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION,
                        path + " has " + size + " bytes: a volume is a multiple of " + StreamLimits.SECTOR_LENGTH
                                + " and at most 16 TiB");
            }
            return size;
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "cannot tell the size of " + path + ": " + e.getMessage(), e);
        }
    }

    private void makeDataDirectory() {
        try {
            Files.createDirectories(settings.dataDirectory());
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "cannot make the data directory " + settings.dataDirectory() + ": " + e.getMessage(),
                    e);
        }
    }

    /** One agent for each data directory: two would ship as one machine. */
    private void lock(final RoleRunner runner) {
        final Path path = settings.dataDirectory().resolve("lock");
        try {
            final FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            runner.onEnd(channel);
            if (channel.tryLock() != null) {
                return;
            }
        } catch (final OverlappingFileLockException e) {
            // Within one process: the same complaint as for another one.
            LOG.warn("lock", path, "reason", e);
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.CONFIGURATION, "cannot lock " + path + ": " + e.getMessage(), e);
        }
        throw new FarshoreException(
                ExitCode.UNAVAILABLE, "another agent has " + settings.dataDirectory() + ": stop it first");
    }

    private static String machineName() {
        try {
            final String name = Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.UTF_8)
                    .strip()
                    .replaceAll("[^A-Za-z0-9._-]", "-");
            return name.substring(0, Math.min(name.length(), MACHINE_NAME_LENGTH_MAX));
        } catch (final IOException e) {
            return "localhost";
        }
    }
}
