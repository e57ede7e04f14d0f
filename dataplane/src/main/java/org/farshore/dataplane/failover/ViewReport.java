package org.farshore.dataplane.failover;

import java.util.List;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.recover.RecoveryPoint;

/**
 * An open view as people hear of it.
 *
 * @param openNs how long the opening took, nanoseconds; 0 when it was opened again after a start.
 * @param complaint why it cannot be used now, or empty.
 */
public record ViewReport(
        String id,
        String machine,
        ViewPurpose purpose,
        RecoveryPoint point,
        long createdNs,
        long openNs,
        String complaint,
        List<Volume> volumes) {
    /**
     * One volume of it.
     *
     * @param uris how users reach it; empty when it is not served.
     */
    public record Volume(String name, String exportName, long sizeBytes, int connections, List<String> uris) {}

    public ViewReport {
        volumes = List.copyOf(volumes);
    }
}
