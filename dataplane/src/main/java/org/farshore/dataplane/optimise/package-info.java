/**
 * What makes a batch smaller between two hops: zero blocks become flags, the rest becomes one LZ4 block where it pays. The
 * chain of steps is in {@link org.farshore.dataplane.optimise.WriteBatchOptimiser}.
 */
package org.farshore.dataplane.optimise;
