/** The role that keeps the copy: receives streams, journals them, and brings them into replica volumes. */
package org.farshore.dataplane.mastertarget;
