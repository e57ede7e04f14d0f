/**
 * The journal of a stream: a ring of pre-written segment files that holds every record message as received, until it is in
 * the replica volume. Three threads meet here: the receive thread appends ({@link JournalWriter}), the commit thread makes
 * durable ({@link JournalCommitAgent}), the apply thread reads back ({@link JournalReader}). After any stop
 * {@link JournalRecovery} says what is there.
 */
package org.farshore.dataplane.journal;
