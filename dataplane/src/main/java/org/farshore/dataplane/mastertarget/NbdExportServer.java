package org.farshore.dataplane.mastertarget;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.farshore.dataplane.failover.ExportServer;
import org.farshore.dataplane.nbd.FileExport;
import org.farshore.dataplane.nbd.NbdServer;
import org.farshore.dataplane.nbd.ViewExport;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Serves views over NBD; the server begins with the first of them, so that a role without views needs no socket, and a disk
 * that has no room for one refuses the view alone. Any thread.
 */
final class NbdExportServer implements ExportServer, AutoCloseable {
    private static final long REMOVE_TIMEOUT_MS = 5_000;

    private final Supplier<NbdServer> launcher;
    private final BlockFiles files;
    private final Set<String> served = ConcurrentHashMap.newKeySet();
    /** Of these a call still ran when they were taken away: what they read must stay open until the role ends. */
    private final Set<String> stuck = ConcurrentHashMap.newKeySet();

    private NbdServer launched;

    /** @param launcher starts the server; what it throws is the answer to whoever wants the first view. */
    NbdExportServer(final Supplier<NbdServer> launcher, final BlockFiles files) {
        this.launcher = launcher;
        this.files = files;
    }

    private synchronized NbdServer server() {
        if (launched == null) {
            launched = launcher.get();
        }
        return launched;
    }

    @Override
    public void add(final String name, final RecoveryView view) {
        server().add(name, new ViewExport(view));
        served.add(name);
    }

    @Override
    public void addReplica(final String name, final Path replica, final String description) {
        try {
            server().add(name, new FileExport(files, replica, false));
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE, "cannot serve " + description + " from " + replica + ": " + e.getMessage(), e);
        }
        served.add(name);
    }

    @Override
    public boolean remove(final String name) {
        if (stuck.contains(name)) {
            return false;
        }
        if (served.remove(name) && !server().tryRemove(name, REMOVE_TIMEOUT_MS)) {
            stuck.add(name);
        }
        return !stuck.contains(name);
    }

    @Override
    public boolean isServed(final String name) {
        return served.contains(name) || stuck.contains(name);
    }

    @Override
    public List<String> uris(final String name) {
        return isServed(name) ? server().uris(name) : List.of();
    }

    @Override
    public int connections(final String name) {
        return isServed(name) ? server().connectionCount(name) : 0;
    }

    @Override
    public synchronized void close() {
        if (launched != null) {
            launched.close();
        }
    }
}
