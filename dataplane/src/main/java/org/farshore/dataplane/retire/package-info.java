/**
 * Moves what the journal holds durably into the replica volumes: read in order, coalesced by block, written in large sorted
 * runs, synced, and only then is the journal's space given back.
 */
package org.farshore.dataplane.retire;
