package org.farshore.dataplane.mastertarget;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.farshore.dataplane.failover.ExportServer;
import org.farshore.dataplane.recover.RecoveryView;

/** Serves nobody, and remembers the names: for a master target that is stepped in one thread. */
final class NoExports implements ExportServer {
    private final Set<String> names = new HashSet<>();

    @Override
    public void add(final String name, final RecoveryView view) {
        names.add(name);
    }

    @Override
    public void addReplica(final String name, final Path replica, final String description) {
        names.add(name);
    }

    @Override
    public boolean remove(final String name) {
        names.remove(name);
        return true;
    }

    @Override
    public boolean isServed(final String name) {
        return names.contains(name);
    }

    @Override
    public List<String> uris(final String name) {
        return List.of();
    }

    @Override
    public int connections(final String name) {
        return 0;
    }
}
