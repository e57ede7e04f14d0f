package org.farshore.dataplane.recover;

import java.nio.file.Path;
import org.farshore.dataplane.index.VersionIndexContext;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.runtime.CounterFactory;

/** What a {@link StreamHistory} is made of. Set, then {@link #conclude()} once. */
public final class HistoryContext {
    private Path directory;
    private String machine;
    private JournalContext journalContext;
    private Journal journal;
    private StreamState state;
    private StreamCheckpoint checkpoint;
    private CounterFactory counters;
    private RetentionPolicy policy;
    private int indexPagesPerFile;
    private int indexResidentFiles = VersionIndexContext.RESIDENT_FILES_DEFAULT;
    private FrameMemory frameMemory = new FrameMemory(0);

    /** Checks that nothing is missing. */
    public HistoryContext conclude() {
        if (directory == null
                || machine == null
                || journalContext == null
                || journal == null
                || state == null
                || checkpoint == null
                || counters == null
                || policy == null) {
            throw new IllegalStateException("history context lacks directory, machine, journal, state or policy");
        }
        return this;
    }

    /** The directory of the stream. */
    public HistoryContext directory(final Path value) {
        directory = value;
        return this;
    }

    /** The machine's id as 32 hexadecimal digits. */
    public HistoryContext machine(final String value) {
        machine = value;
        return this;
    }

    /** The stream's journal, open, and its concluded context: files, clocks and entropy are taken from there. */
    public HistoryContext journal(final JournalContext context, final Journal opened) {
        journalContext = context;
        journal = opened;
        return this;
    }

    /** The stream's state as it was stored last. */
    public HistoryContext state(final StreamState value) {
        state = value;
        return this;
    }

    /** Where the next start begins to walk; stands where this one has begun. */
    HistoryContext checkpoint(final StreamCheckpoint value) {
        checkpoint = value;
        return this;
    }

    public HistoryContext counters(final CounterFactory value) {
        counters = value;
        return this;
    }

    public HistoryContext policy(final RetentionPolicy value) {
        policy = value;
        return this;
    }

    /** Length of a version file in pages of 4 KiB; 0 for the default. */
    public HistoryContext indexPagesPerFile(final int value) {
        indexPagesPerFile = value;
        return this;
    }

    /** Version files in memory, 8 MiB each by default. */
    public HistoryContext indexResidentFiles(final int value) {
        indexResidentFiles = value;
        return this;
    }

    /** For frames that views read, shared with other streams. */
    public HistoryContext frameMemory(final FrameMemory value) {
        frameMemory = value;
        return this;
    }

    Path directory() {
        return directory;
    }

    String machine() {
        return machine;
    }

    JournalContext journalContext() {
        return journalContext;
    }

    Journal journal() {
        return journal;
    }

    StreamState state() {
        return state;
    }

    StreamCheckpoint checkpoint() {
        return checkpoint;
    }

    CounterFactory counters() {
        return counters;
    }

    RetentionPolicy policy() {
        return policy;
    }

    int indexPagesPerFile() {
        return indexPagesPerFile;
    }

    int indexResidentFiles() {
        return indexResidentFiles;
    }

    FrameMemory frameMemory() {
        return frameMemory;
    }
}
