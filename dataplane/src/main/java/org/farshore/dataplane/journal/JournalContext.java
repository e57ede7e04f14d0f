package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.file.Path;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.Settings;

/** Everything the journal of one stream is made with. Set, then {@link #conclude()} once; not changed afterwards. */
public final class JournalContext {
    /** Length of a segment file. */
    public static final String SEGMENT_LENGTH_PROP_NAME = "journal.segment.length";
    /** Default of {@link #SEGMENT_LENGTH_PROP_NAME}. */
    public static final String SEGMENT_LENGTH_DEFAULT = "64m";
    /** What all segments of a stream may take. */
    public static final String LIMIT_PROP_NAME = "journal.limit";
    /** Default of {@link #LIMIT_PROP_NAME}: half of the file system that holds the journal, for each stream. */
    public static final String LIMIT_DEFAULT = "auto";

    private static final long LIMIT_AUTO = 0;

    private BlockFiles files;
    private Path directory;
    private Clocks clocks;
    private Entropy entropy;
    private CounterFactory counterFactory;
    private String subject = "";
    private long machineIdHigh;
    private long machineIdLow;
    private int segmentLength = 64 << 20;
    private long limit = LIMIT_AUTO;
    private AtomicCounter appendedPositionCounter;
    private AtomicCounter durablePositionCounter;
    private AtomicCounter syncsCounter;
    private AtomicCounter syncMaxCounter;
    private AtomicCounter segmentsCounter;
    private AtomicCounter reusedCounter;
    private AtomicCounter heldCounter;

    /** Takes segment length and limit from the settings of a role. */
    public JournalContext configure(final Settings settings) {
        segmentLength((int) settings.bytes(
                SEGMENT_LENGTH_PROP_NAME,
                SEGMENT_LENGTH_DEFAULT,
                JournalLimits.SEGMENT_LENGTH_MIN,
                JournalLimits.SEGMENT_LENGTH_MAX));
        final boolean auto = LIMIT_DEFAULT.equals(settings.text(LIMIT_PROP_NAME, LIMIT_DEFAULT));
        limit(auto ? LIMIT_AUTO : settings.bytes(LIMIT_PROP_NAME, LIMIT_DEFAULT, limitMin(), limitMax()));
        return this;
    }

    private static long limitMin() {
        return (long) JournalLimits.SEGMENTS_MIN * JournalLimits.SEGMENT_LENGTH_MIN;
    }

    private static long limitMax() {
        return (long) JournalLimits.SEGMENTS_MAX * JournalLimits.SEGMENT_LENGTH_MAX;
    }

    /** Checks every relation and makes the counters. */
    public JournalContext conclude() {
        if (files == null || directory == null || clocks == null || entropy == null || counterFactory == null) {
            throw new IllegalStateException("journal context lacks files, directory, clocks, entropy or counters");
        }
        if (segmentLength < JournalLimits.SEGMENT_LENGTH_MIN
                || segmentLength > JournalLimits.SEGMENT_LENGTH_MAX
                || segmentLength % JournalLimits.BLOCK_LENGTH != 0) {
            throw bad(SEGMENT_LENGTH_PROP_NAME + "=" + segmentLength + " must be a multiple of "
                    + JournalLimits.BLOCK_LENGTH + " between " + JournalLimits.SEGMENT_LENGTH_MIN + " and "
                    + JournalLimits.SEGMENT_LENGTH_MAX);
        }
        if (limit == LIMIT_AUTO) {
            limit = halfOfFileSystem();
        }
        if (limit / segmentLength < JournalLimits.SEGMENTS_MIN || limit / segmentLength > JournalLimits.SEGMENTS_MAX) {
            throw bad(LIMIT_PROP_NAME + "=" + limit + " must hold " + JournalLimits.SEGMENTS_MIN + " to "
                    + JournalLimits.SEGMENTS_MAX + " segments of " + segmentLength + " bytes ("
                    + SEGMENT_LENGTH_PROP_NAME + ")");
        }
        appendedPositionCounter = counterFactory.newCounter(ReplicationCounter.JOURNAL_APPENDED_POSITION, subject);
        durablePositionCounter = counterFactory.newCounter(ReplicationCounter.JOURNAL_DURABLE_POSITION, subject);
        syncsCounter = counterFactory.newCounter(ReplicationCounter.JOURNAL_SYNCS, subject);
        syncMaxCounter = counterFactory.newCounter(ReplicationCounter.JOURNAL_SYNC_MAX, subject);
        segmentsCounter = counterFactory.newCounter(ReplicationCounter.JOURNAL_SEGMENTS, subject);
        reusedCounter = counterFactory.newCounter(ReplicationCounter.JOURNAL_REUSED, subject);
        heldCounter = counterFactory.newCounter(ReplicationCounter.JOURNAL_HELD, subject);
        return this;
    }

    /** In whole segments, as many as a journal may have at least and at most. */
    private long halfOfFileSystem() {
        Path existing = directory.toAbsolutePath();
        while (!files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            final long segments = files.totalBytes(existing) / 2 / segmentLength;
            final long bounded = Math.max(JournalLimits.SEGMENTS_MIN, Math.min(JournalLimits.SEGMENTS_MAX, segments));
            return bounded * segmentLength;
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "cannot ask the size of the file system of " + existing + ": " + e.getMessage(),
                    e);
        }
    }

    private static FarshoreException bad(final String message) {
        return new FarshoreException(ExitCode.CONFIGURATION, message);
    }

    /** The disk seam. */
    public JournalContext files(final BlockFiles value) {
        files = value;
        return this;
    }

    /** The directory of the segment files; made if missing. */
    public JournalContext directory(final Path value) {
        directory = value;
        return this;
    }

    public JournalContext clocks(final Clocks value) {
        clocks = value;
        return this;
    }

    /** Where the life number comes from. */
    public JournalContext entropy(final Entropy value) {
        entropy = value;
        return this;
    }

    /** Makes the counters, which bear {@code counterSubject}: the name of the machine. */
    public JournalContext counters(final CounterFactory value, final String counterSubject) {
        counterFactory = value;
        subject = counterSubject;
        return this;
    }

    /** Whose stream this is. */
    public JournalContext machineId(final long high, final long low) {
        machineIdHigh = high;
        machineIdLow = low;
        return this;
    }

    /** Length of a segment in bytes, multiple of 4096. */
    public JournalContext segmentLength(final int value) {
        segmentLength = value;
        return this;
    }

    /** Bytes that all segments may take together; at least four segments. */
    public JournalContext limit(final long value) {
        limit = value;
        return this;
    }

    public BlockFiles files() {
        return files;
    }

    public Path directory() {
        return directory;
    }

    public Clocks clocks() {
        return clocks;
    }

    public Entropy entropy() {
        return entropy;
    }

    public long machineIdHigh() {
        return machineIdHigh;
    }

    public long machineIdLow() {
        return machineIdLow;
    }

    public int segmentLength() {
        return segmentLength;
    }

    public long limit() {
        return limit;
    }

    /** Most segment files. */
    public int segmentsMax() {
        return (int) (limit / segmentLength);
    }

    AtomicCounter appendedPositionCounter() {
        return appendedPositionCounter;
    }

    AtomicCounter durablePositionCounter() {
        return durablePositionCounter;
    }

    AtomicCounter syncsCounter() {
        return syncsCounter;
    }

    AtomicCounter syncMaxCounter() {
        return syncMaxCounter;
    }

    AtomicCounter segmentsCounter() {
        return segmentsCounter;
    }

    AtomicCounter reusedCounter() {
        return reusedCounter;
    }

    /** Commit thread: why nothing more becomes durable, in the codes of the counter. */
    AtomicCounter heldCounter() {
        return heldCounter;
    }
}
