package org.farshore.dataplane.mastertarget;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.farshore.dataplane.command.CommandServer;
import org.farshore.dataplane.nbd.NbdServer;
import org.farshore.dataplane.nbd.NbdServerContext;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.RoleMain;
import org.farshore.dataplane.runtime.RoleRunner;
import org.farshore.dataplane.runtime.Settings;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.farshore.dataplane.ship.AeronLinks;

/** The master target as a process: its threads, the files and the network of this machine, its two sockets for users. */
public final class MasterTarget implements RoleMain.Role {
    private static final StateLog LOG = StateLog.of(MasterTarget.class);
    private static final String ADOPT_OPTION = "--adopt";
    private static final String ADOPT_PROPERTY = "farshore.master-target." + MasterTargetContext.ADOPT_PROP_NAME;
    private static final int PEERS_PER_MACHINE = 4;
    private static final String NBD_SOCKET = "nbd.sock";

    private final MasterTargetContext context = new MasterTargetContext();
    private RoleDriverContext driverContext;

    private MasterTarget() {}

    /** {@code master-target [--config FILE] [--check] [--adopt] [--help]}. */
    public static void main(final String[] args) {
        if (Arrays.asList(args).contains(ADOPT_OPTION)) {
            System.setProperty(ADOPT_PROPERTY, "true");
        }
        final String[] others =
                Arrays.stream(args).filter(arg -> !ADOPT_OPTION.equals(arg)).toArray(String[]::new);
        System.exit(RoleMain.run(new MasterTarget(), others));
    }

    @Override
    public String name() {
        return "master-target";
    }

    @Override
    public String summary() {
        return "Keeps the copy: receives the streams of protected machines, journals them durably and brings them into"
                + " replica volumes. --adopt takes replicas that are not empty and bear no claim; their content is lost.";
    }

    @Override
    public void configure(final Settings settings) {
        driverContext = RoleDriverContext.from(name(), settings);
        context.configure(settings);
    }

    @Override
    public void start(final RoleRunner runner) {
        runner.onEnd(lock(context.dataDirectory()));
        final RoleDriver driver = runner.launchDriver(driverContext.conclude());
        final SystemClocks clocks = new SystemClocks();
        final SystemEntropy entropy = new SystemEntropy();
        context.files(new ChannelBlockFiles())
                .clocks(clocks)
                .entropy(entropy)
                .counters(driver.counters())
                .links(new AeronLinks(driver, clocks, entropy, context.machinesMax() * PEERS_PER_MACHINE))
                .exports(exports(runner, driver))
                .conclude();
        final MasterTargetAgents agents = new MasterTargetAgents(context);
        agents.runOn(runner);
        runner.addApart(
                new CommandServer(context.dataDirectory().resolve(CommandServer.NAME), agents.commands(), clocks));
        LOG.info(
                "role",
                name(),
                "listen",
                context.endpoint(),
                "data",
                context.dataDirectory(),
                "machines",
                String.join(",", context.machines()),
                "note",
                context.endpoint().startsWith("127.") ? "loopback only" : "strangers are not yet kept out");
    }

    private NbdExportServer exports(final RoleRunner runner, final RoleDriver driver) {
        final NbdServerContext server = new NbdServerContext()
                .unixSocket(context.dataDirectory().resolve(NBD_SOCKET))
                .tcpAddress(context.nbdAddress())
                .counterFactory(driver.counters())
                .errorHandler(runner.errorHandler());
        final NbdExportServer exports = new NbdExportServer(() -> NbdServer.launch(server), new ChannelBlockFiles());
        runner.onEnd(exports);
        return exports;
    }

    /** Two processes on one data directory would destroy each other's journals. */
    private static AutoCloseable lock(final Path directory) {
        final Path file = directory.resolve("lock");
        try {
            Files.createDirectories(directory);
            final FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            final FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
            channel.close();
            throw new FarshoreException(
                    ExitCode.UNAVAILABLE, "data directory " + directory + " is in use by another master target");
        } catch (final IOException | OverlappingFileLockException e) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "cannot use the data directory " + directory + ": " + e.getMessage(), e);
        }
    }
}
