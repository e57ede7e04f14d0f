package org.farshore.dataplane.failover;

import java.nio.file.Path;
import java.util.List;
import org.farshore.dataplane.recover.RecoveryView;

/** Where views are served to their users. Any thread. */
public interface ExportServer {
    /** Serves a view under a name that was never used for another state. */
    void add(String name, RecoveryView view);

    /** Serves a replica volume that is the disk now. */
    void addReplica(String name, Path replica, String description);

    /**
     * Ends the service of a name; clients lose their connection. May wait some seconds for a call that is under way.
     *
     * @return false when a call still runs: what is served must stay open.
     */
    boolean remove(String name);

    /** True while users can reach this name. */
    boolean isServed(String name);

    /** How users reach a name. */
    List<String> uris(String name);

    /** Connections open now. */
    int connections(String name);
}
