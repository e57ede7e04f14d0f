package org.farshore.dataplane.recover;

import java.nio.file.Path;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.runtime.CounterFactory;

/**
 * How the streams of a role keep their past.
 *
 * @param windowNs for streams for which nobody has set another window; 0 keeps nothing.
 * @param indexPagesPerFile length of a version file in pages of 4 KiB; 0 for the default.
 * @param indexResidentFiles version files of one stream in memory, at least 2.
 */
public record HistorySettings(long windowNs, int indexPagesPerFile, int indexResidentFiles) {
    /** Nothing is kept. */
    public static final HistorySettings OFF = new HistorySettings(0, 0, 2);

    /** Opens the history of a stream whose journal is open; null when nothing is to be kept. */
    public StreamHistory open(
            final Path directory,
            final String machine,
            final JournalContext context,
            final Journal journal,
            final StreamState state,
            final CounterFactory counters) {
        final long own = state.retentionWindowNs();
        final RetentionPolicy policy = new RetentionPolicy(own < 0 ? windowNs : own, context.limit());
        if (policy.isOff()) {
            return null;
        }
        return new StreamHistory(new HistoryContext()
                .directory(directory)
                .machine(machine)
                .journal(context, journal)
                .state(state)
                .counters(counters)
                .policy(policy)
                .indexPagesPerFile(indexPagesPerFile)
                .indexResidentFiles(indexResidentFiles)
                .conclude());
    }
}
