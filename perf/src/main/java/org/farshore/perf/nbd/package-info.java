/** The NBD server on flat files: the baseline of every figure about recovery views. */
package org.farshore.perf.nbd;
