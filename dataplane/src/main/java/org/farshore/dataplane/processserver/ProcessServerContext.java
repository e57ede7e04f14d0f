package org.farshore.dataplane.processserver;

import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.Settings;

/** Settings of a process server: keys {@code farshore.process-server.*}. Setters, then {@link #conclude()} once. */
public final class ProcessServerContext {
    /** Name of the role. */
    public static final String ROLE = "process-server";
    /** Key of the address that agents send to. */
    public static final String LISTEN_PROP_NAME = "listen";
    /** Loopback: strangers are not kept out yet. */
    public static final String LISTEN_DEFAULT = "127.0.0.1:9443";
    /** Key of the address of the master target. */
    public static final String MASTER_TARGET_PROP_NAME = "master-target";
    /** On the same machine. */
    public static final String MASTER_TARGET_DEFAULT = "127.0.0.1:9445";
    /** Key of the most machines at the same time. */
    public static final String MACHINES_MAX_PROP_NAME = "machines.max";
    /** 24 MiB of network buffers for each machine that sends. */
    public static final int MACHINES_MAX_DEFAULT = 64;

    private static final int MACHINES_MAX_LIMIT = 1_000;

    private String listen = LISTEN_DEFAULT;
    private String masterTarget = MASTER_TARGET_DEFAULT;
    private int machinesMax = MACHINES_MAX_DEFAULT;
    private RoleDriverContext driverContext;

    /** Reads every key. */
    public static ProcessServerContext from(final Settings settings) {
        return new ProcessServerContext()
                .driverContext(RoleDriverContext.from(ROLE, settings))
                .listen(settings.text(LISTEN_PROP_NAME, LISTEN_DEFAULT))
                .masterTarget(settings.text(MASTER_TARGET_PROP_NAME, MASTER_TARGET_DEFAULT))
                .machinesMax(settings.count(MACHINES_MAX_PROP_NAME, MACHINES_MAX_DEFAULT, 1, MACHINES_MAX_LIMIT));
    }

    /** Checks how the values go together. */
    public ProcessServerContext conclude() {
        if (driverContext == null) {
            driverContext = new RoleDriverContext(ROLE);
        }
        driverContext.conclude();
        checkEndpoint(LISTEN_PROP_NAME, listen);
        checkEndpoint(MASTER_TARGET_PROP_NAME, masterTarget);
        if (listen.equals(masterTarget)) {
            throw bad(MASTER_TARGET_PROP_NAME, masterTarget, "is this process server's own address");
        }
        if (machinesMax < 1 || machinesMax > MACHINES_MAX_LIMIT) {
            throw bad(MACHINES_MAX_PROP_NAME, machinesMax, "must lie between 1 and " + MACHINES_MAX_LIMIT);
        }
        return this;
    }

    private static void checkEndpoint(final String key, final String endpoint) {
        final int colon = endpoint.lastIndexOf(':');
        final String port = colon <= 0 ? "" : endpoint.substring(colon + 1);
        if (!port.matches("[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65_534) {
            throw bad(key, endpoint, "must be host:port; the port behind it is used too");
        }
    }

    private static FarshoreException bad(final String key, final Object value, final String complaint) {
        return new FarshoreException(
                ExitCode.CONFIGURATION, "farshore." + ROLE + "." + key + "=" + value + " " + complaint);
    }

    /** Address that agents send to, {@code host:port}. */
    public String listen() {
        return listen;
    }

    /** See {@link #listen()}. */
    public ProcessServerContext listen(final String endpoint) {
        this.listen = endpoint;
        return this;
    }

    /** Address of the master target, {@code host:port}. */
    public String masterTarget() {
        return masterTarget;
    }

    /** See {@link #masterTarget()}. */
    public ProcessServerContext masterTarget(final String endpoint) {
        this.masterTarget = endpoint;
        return this;
    }

    /** Most machines with a connection at the same time. */
    public int machinesMax() {
        return machinesMax;
    }

    /** See {@link #machinesMax()}. */
    public ProcessServerContext machinesMax(final int count) {
        this.machinesMax = count;
        return this;
    }

    /** Network engine of the role. */
    public RoleDriverContext driverContext() {
        return driverContext;
    }

    /** See {@link #driverContext()}. */
    public ProcessServerContext driverContext(final RoleDriverContext context) {
        this.driverContext = context;
        return this;
    }
}
