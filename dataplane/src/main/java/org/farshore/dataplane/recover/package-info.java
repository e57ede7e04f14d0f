/**
 * The time machine: which moments of a stream can be gone back to, and a volume as it was at one of them, readable and
 * writable while replication goes on.
 */
package org.farshore.dataplane.recover;
