package org.farshore.dataplane.failover;

import org.farshore.dataplane.codecs.failover.FailoverPhase;

/**
 * Who owns the disks of a machine now, and how far a commit has come.
 *
 * @param viewId the view that is the disk, or empty.
 * @param stage what the commit does now, or empty.
 * @param doneBytes of
 * @param totalBytes of that stage; 0 when not known.
 * @param complaint why the commit stands still, or empty.
 */
public record FailoverReport(
        String machine,
        FailoverPhase phase,
        int generation,
        String viewId,
        String stage,
        long doneBytes,
        long totalBytes,
        String complaint) {}
