package org.farshore.dataplane.mastertarget;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.farshore.dataplane.failover.ExportServer;
import org.farshore.dataplane.recover.RecoveryView;

/** Hands out what is served to a test, without any network. */
final class ViewsInMemory implements ExportServer {
    final Map<String, RecoveryView> views = new TreeMap<>();
    final Map<String, Path> replicas = new TreeMap<>();

    @Override
    public void add(final String name, final RecoveryView view) {
        if (views.put(name, view) != null) {
            throw new AssertionError(name + " is served already");
        }
    }

    @Override
    public void addReplica(final String name, final Path replica, final String description) {
        if (replicas.put(name, replica) != null) {
            throw new AssertionError(name + " is served already");
        }
    }

    @Override
    public boolean remove(final String name) {
        views.remove(name);
        replicas.remove(name);
        return true;
    }

    @Override
    public boolean isServed(final String name) {
        return views.containsKey(name) || replicas.containsKey(name);
    }

    @Override
    public List<String> uris(final String name) {
        return List.of("memory:" + name);
    }

    @Override
    public int connections(final String name) {
        return 0;
    }
}
