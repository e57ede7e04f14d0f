package org.farshore.dataplane.nbd;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.agrona.ErrorHandler;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SystemClocks;

/** Where an {@link NbdServer} listens, what clients may take of it, and what it reports to. Set, then {@link #conclude()}. */
public final class NbdServerContext {
    /** One connection holds a thread and 1.4 MiB. */
    static final int CONNECTION_COUNT_MAX_DEFAULT = 64;

    static final int EXPORT_CONNECTION_COUNT_MAX_DEFAULT = 16;
    static final int HANDSHAKE_COUNT_MAX_DEFAULT = 16;
    static final long HANDSHAKE_LIMIT_S_DEFAULT = 10;
    /** A client in the middle of a message is at work; two minutes are a network that is gone, or somebody who plays. */
    static final long STALL_LIMIT_S_DEFAULT = 120;
    /** A mounted filesystem that nobody uses says nothing for days; a peer that vanished is found by TCP's keep-alive. */
    static final long IDLE_LIMIT_H_DEFAULT = 7 * 24;

    private Path unixSocket;
    private InetSocketAddress tcpAddress;
    private boolean remoteAllowed;
    private int connectionCountMax = CONNECTION_COUNT_MAX_DEFAULT;
    private int exportConnectionCountMax = EXPORT_CONNECTION_COUNT_MAX_DEFAULT;
    private int handshakeCountMax = HANDSHAKE_COUNT_MAX_DEFAULT;
    private long handshakeLimitNs = TimeUnit.SECONDS.toNanos(HANDSHAKE_LIMIT_S_DEFAULT);
    private long stallLimitNs = TimeUnit.SECONDS.toNanos(STALL_LIMIT_S_DEFAULT);
    private long idleLimitNs = TimeUnit.HOURS.toNanos(IDLE_LIMIT_H_DEFAULT);
    private Clocks clocks = new SystemClocks();
    private CounterFactory counterFactory;
    private ErrorHandler errorHandler;

    /** Checks that everything is there and fits together. */
    public NbdServerContext conclude() {
        Objects.requireNonNull(counterFactory, "counterFactory");
        Objects.requireNonNull(errorHandler, "errorHandler");
        if (unixSocket == null && tcpAddress == null) {
            throw refused("neither a unix socket nor a TCP address to listen on");
        }
        if (tcpAddress != null && tcpAddress.isUnresolved()) {
            throw refused("TCP address " + tcpAddress + " is not known");
        }
        if (tcpAddress != null && !tcpAddress.getAddress().isLoopbackAddress() && !remoteAllowed) {
            throw refused("TCP address " + tcpAddress + " can be reached from elsewhere, and clients are not asked who "
                    + "they are: use loopback, or allow it explicitly");
        }
        if (handshakeCountMax < 1 || exportConnectionCountMax < 1 || connectionCountMax < exportConnectionCountMax) {
            throw refused("limits of connections must be at least 1, and an export's (" + exportConnectionCountMax
                    + ") at most the server's (" + connectionCountMax + ")");
        }
        if (handshakeLimitNs <= 0 || stallLimitNs <= 0 || idleLimitNs <= 0) {
            throw refused("time limits must be positive");
        }
        return this;
    }

    private static FarshoreException refused(final String why) {
        return new FarshoreException(ExitCode.CONFIGURATION, "NBD server: " + why);
    }

    /** Path of a unix socket to listen on, made with mode 0600; null for none. */
    public NbdServerContext unixSocket(final Path path) {
        unixSocket = path;
        return this;
    }

    Path unixSocket() {
        return unixSocket;
    }

    /** TCP address to listen on; port 0 takes a free one; null for none. */
    public NbdServerContext tcpAddress(final InetSocketAddress address) {
        tcpAddress = address;
        return this;
    }

    InetSocketAddress tcpAddress() {
        return tcpAddress;
    }

    /** Allows an address that is not loopback. Whoever can reach it can read and write every export. */
    public NbdServerContext remoteAllowed(final boolean allowed) {
        remoteAllowed = allowed;
        return this;
    }

    /** Connections at one time, in all. */
    public NbdServerContext connectionCountMax(final int count) {
        connectionCountMax = count;
        return this;
    }

    int connectionCountMax() {
        return connectionCountMax;
    }

    /** Connections at one time to one export. */
    public NbdServerContext exportConnectionCountMax(final int count) {
        exportConnectionCountMax = count;
        return this;
    }

    int exportConnectionCountMax() {
        return exportConnectionCountMax;
    }

    /** Connections at one time that have not chosen an export yet. */
    public NbdServerContext handshakeCountMax(final int count) {
        handshakeCountMax = count;
        return this;
    }

    int handshakeCountMax() {
        return handshakeCountMax;
    }

    /** How long a handshake may take as a whole. */
    public NbdServerContext handshakeLimitNs(final long limitNs) {
        handshakeLimitNs = limitNs;
        return this;
    }

    long handshakeLimitNs() {
        return handshakeLimitNs;
    }

    /** How long a client may be silent within a request, or take nothing of a reply of up to 1 MiB. */
    public NbdServerContext stallLimitNs(final long limitNs) {
        stallLimitNs = limitNs;
        return this;
    }

    long stallLimitNs() {
        return stallLimitNs;
    }

    /** How long a client may be silent between requests. */
    public NbdServerContext idleLimitNs(final long limitNs) {
        idleLimitNs = limitNs;
        return this;
    }

    long idleLimitNs() {
        return idleLimitNs;
    }

    /** The clock behind the time limits. */
    public NbdServerContext clocks(final Clocks given) {
        clocks = given;
        return this;
    }

    Clocks clocks() {
        return clocks;
    }

    /** Where counters are made. */
    public NbdServerContext counterFactory(final CounterFactory factory) {
        counterFactory = factory;
        return this;
    }

    CounterFactory counterFactory() {
        return counterFactory;
    }

    /** Told of faults: what an export threw, a socket that cannot be accepted. Not of clients that misbehave. */
    public NbdServerContext errorHandler(final ErrorHandler handler) {
        errorHandler = handler;
        return this;
    }

    ErrorHandler errorHandler() {
        return errorHandler;
    }
}
