package org.farshore.dataplane.processserver;

import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.RoleMain;
import org.farshore.dataplane.runtime.RoleRunner;
import org.farshore.dataplane.runtime.Settings;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.farshore.dataplane.ship.AeronLinks;

/** Main of {@code farshore process-server}. */
public final class ProcessServer implements RoleMain.Role {
    private static final StateLog LOG = StateLog.of(ProcessServer.class);
    /** Connections that are being ended or taken over stand beside those that carry data. */
    private static final int PEERS_PER_MACHINE = 2;

    private static final int PEERS_MORE = 16;

    private ProcessServerContext context;

    /** Runs the role until it ends. */
    public static void main(final String[] args) {
        System.exit(RoleMain.run(new ProcessServer(), args));
    }

    @Override
    public String name() {
        return ProcessServerContext.ROLE;
    }

    @Override
    public String summary() {
        return "Receives what agents capture, drops zero blocks, compresses, and passes it on to the master target.";
    }

    @Override
    public void configure(final Settings settings) {
        context = ProcessServerContext.from(settings).conclude();
    }

    @Override
    public void start(final RoleRunner runner) {
        final RoleDriver driver = runner.launchDriver(context.driverContext());
        final SystemEntropy entropy = new SystemEntropy();
        final AeronLinks links = new AeronLinks(
                driver, new SystemClocks(), entropy, PEERS_PER_MACHINE * context.machinesMax() + PEERS_MORE);
        runner.add(new RelayAgent(
                links, entropy, driver.counters(), context.listen(), context.masterTarget(), context.machinesMax()));
        LOG.info("role", name(), "listen", context.listen(), "master-target", context.masterTarget());
    }
}
