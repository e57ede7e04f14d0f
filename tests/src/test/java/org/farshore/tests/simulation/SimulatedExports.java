package org.farshore.tests.simulation;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.farshore.dataplane.failover.ExportServer;
import org.farshore.dataplane.recover.RecoveryView;

/** What a master target serves, at hand for users in the same thread. One life of the role. */
final class SimulatedExports implements ExportServer {
    private final Map<String, RecoveryView> views = new TreeMap<>();
    private final Map<String, Path> replicas = new TreeMap<>();

    @Override
    public void add(final String name, final RecoveryView view) {
        if (isServed(name)) {
            throw new Violation("I5", name + " is served twice");
        }
        views.put(name, view);
    }

    @Override
    public void addReplica(final String name, final Path replica, final String description) {
        if (isServed(name)) {
            throw new Violation("I5", name + " is served twice");
        }
        replicas.put(name, replica);
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
        return List.of("simulated:" + name);
    }

    @Override
    public int connections(final String name) {
        return 0;
    }

    /** The view of this name, or null. */
    RecoveryView view(final String name) {
        return views.get(name);
    }

    /** The replica that is served under this name, or null. */
    Path replica(final String name) {
        return replicas.get(name);
    }

    Set<String> names() {
        final Set<String> names = new TreeSet<>(views.keySet());
        names.addAll(replicas.keySet());
        return names;
    }
}
