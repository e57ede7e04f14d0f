package org.farshore.dataplane.recover;

import java.nio.file.Path;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.runtime.CounterFactory;

/**
 * How the streams of a role keep their past.
 *
 * @param windowNs for streams for which nobody has set another window; 0 keeps nothing.
 * @param indexPagesPerFile length of a version file in pages of 4 KiB; 0 for the default.
 * @param indexResidentFiles version files of one stream in memory, at least 2.
 * @param frameMemory bytes of journal frames that views of one stream have unpacked; 0 for the default.
 */
public record HistorySettings(long windowNs, int indexPagesPerFile, int indexResidentFiles, long frameMemory) {
    /** Nothing is kept. */
    public static final HistorySettings OFF = new HistorySettings(0, 0, 2, 0);

    /** True when nothing of this stream's past is kept. */
    public boolean isOff(final StreamState state) {
        return windowOf(state) == 0;
    }

    private long windowOf(final StreamState state) {
        return state.retentionWindowNs() < 0 ? windowNs : state.retentionWindowNs();
    }

    /** Opens the history of a stream whose journal is open; null when nothing is to be kept. */
    public StreamHistory open(
            final Path directory,
            final String machine,
            final JournalContext context,
            final Journal journal,
            final StreamState state,
            final StateFile checkpointFile,
            final StreamState walkedFrom,
            final CounterFactory counters) {
        if (isOff(state)) {
            return null;
        }
        return new StreamHistory(new HistoryContext()
                .directory(directory)
                .machine(machine)
                .journal(context, journal)
                .state(state)
                .counters(counters)
                .policy(new RetentionPolicy(windowOf(state), context.limit()))
                .checkpoint(new StreamCheckpoint(checkpointFile, walkedFrom))
                .indexPagesPerFile(indexPagesPerFile)
                .indexResidentFiles(indexResidentFiles)
                .frameMemory(frameMemory > 0 ? frameMemory : HistoryContext.FRAME_MEMORY_DEFAULT)
                .conclude());
    }
}
