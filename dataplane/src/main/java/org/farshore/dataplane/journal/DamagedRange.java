package org.farshore.dataplane.journal;

/**
 * Journal that was durable once and cannot be read now. Points whose state needs it are withdrawn, its content is fetched
 * again; it is never taken for a torn tail.
 *
 * @param from position of the first byte that cannot be trusted.
 * @param to position of the next group that can be read, or the end of the journal.
 * @param reason for people.
 */
public record DamagedRange(long from, long to, String reason) {}
