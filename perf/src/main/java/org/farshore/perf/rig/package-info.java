/** Drives three role processes through rounds of load, measures them beside the machine's own limits, and reports. */
package org.farshore.perf.rig;
