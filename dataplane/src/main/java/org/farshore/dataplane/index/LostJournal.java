package org.farshore.dataplane.index;

/**
 * Journal that could not be read when the index came by. The versions of its writes are missing: a moment at or behind
 * {@code id} is no state of the volume until its blocks were copied anew.
 *
 * @param id moment from which on something is missing.
 * @param from position of the first byte that could not be read.
 * @param to position of the next frame that could.
 */
public record LostJournal(long id, long from, long to) {}
