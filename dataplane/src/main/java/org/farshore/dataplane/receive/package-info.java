/** Strict reception at the master target: one session a machine, in front of its journal. */
package org.farshore.dataplane.receive;
