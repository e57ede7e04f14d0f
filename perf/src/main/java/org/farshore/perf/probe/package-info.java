/** Looks into a role process from inside: CPU time and allocation of each of its threads, asked for over a pipe. */
package org.farshore.perf.probe;
