package org.farshore.tests.system;

/**
 * A place in the stream that can be opened.
 *
 * @param isBarrier false when it is an END between two barriers.
 * @param notBeforeNs wall time of the last barrier at or before it: what was answered until then is in it.
 * @param notAfterNs wall time of a barrier that was begun when this one was cut: what was begun after that is not in it.
 */
record Moment(long sequence, boolean isBarrier, long notBeforeNs, long notAfterNs) {}
