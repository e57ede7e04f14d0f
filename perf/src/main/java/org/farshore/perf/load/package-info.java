/** The load of the rig: an agent of production whose capture is made up in memory, at a rate that is asked for. */
package org.farshore.perf.load;
