package org.farshore.dataplane.journal;

import java.util.List;

/**
 * The journal of one stream, open. Made by {@link JournalRecovery#open}. Its parts belong to three threads: the writer to
 * the receive thread, the committer to the commit thread (give it to {@link JournalCommitAgent#add}), a reader to whoever
 * made it.
 */
public final class Journal {
    private final JournalContext context;
    private final SegmentMap map;
    private final RecoveredJournal recovered;
    private final JournalCommitter committer;
    private final JournalWriter writer;

    Journal(final JournalContext context, final RecoveredJournal recovered, final SegmentRing ring) {
        this.context = context;
        this.map = ring.map();
        this.recovered = recovered;
        this.committer = new JournalCommitter(context, ring, recovered.endPosition());
        this.writer = new JournalWriter(context, committer, recovered);
    }

    /** What was there at opening. */
    public RecoveredJournal recovered() {
        return recovered;
    }

    /** The receive thread's end. */
    public JournalWriter writer() {
        return writer;
    }

    /** The commit thread's end; durable position and recycling for every thread. */
    public JournalCommitter committer() {
        return committer;
    }

    /** A new reader at {@code position}, which is the begin of a frame or the end of the journal. */
    public JournalReader newReader(final long position) {
        return newReader(position, List.of());
    }

    /** A reader that takes for damaged what recovery left out, even where single frames of it can be read. */
    public JournalReader newReaderAsRecovered(final long position) {
        return newReader(position, damagesBelowTheEnd());
    }

    private JournalReader newReader(final long position, final List<DamagedRange> damages) {
        return new JournalReader(
                context.files(),
                map,
                context.segmentLength(),
                context.machineIdHigh(),
                context.machineIdLow(),
                position,
                damages);
    }

    /** A new way to single frames, for one thread at a time. */
    public FrameFetcher newFetcher() {
        return new FrameFetcher(
                context.files(), map, context.segmentLength(), context.machineIdHigh(), context.machineIdLow());
    }

    /** What is written from now on begins at the end that recovery found, and is whole whatever lay there before. */
    private List<DamagedRange> damagesBelowTheEnd() {
        return recovered.damages().stream()
                .filter(range -> range.from() < recovered.endPosition())
                .map(range ->
                        new DamagedRange(range.from(), Math.min(range.to(), recovered.endPosition()), range.reason()))
                .toList();
    }
}
