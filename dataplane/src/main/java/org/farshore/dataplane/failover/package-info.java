/**
 * What is done with recovery views: opening and serving them, test failover, failover, change of the point, commit and
 * cancel. One agent owns all of it, so that no two of these meet on one machine's disks.
 */
package org.farshore.dataplane.failover;
