package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Looks at a journal on behalf of a person: state record, segment files, frames. Opens everything for reading only and may be
 * used while the journal is written: what is being written when it is met counts as the open end, what is reused meanwhile as
 * gone. One thread.
 */
public final class JournalInspector {
    /** Name of the directory of segment files in the directory of a stream. */
    public static final String DIRECTORY_NAME = "journal";

    /**
     * One segment file.
     *
     * @param name of the file.
     * @param segmentNumber what it holds now; 0 when nothing is known of it.
     * @param headerValid false when its first block is damaged.
     * @param preparedAtNs when it got this number, epoch ns.
     */
    public record SegmentInfo(String name, long segmentNumber, boolean headerValid, long preparedAtNs) {}

    /**
     * The outcome of reading everything.
     *
     * @param groups whole groups read.
     * @param unreadableBlocks blocks of 4096 bytes that the disk refused to read.
     */
    public record Walk(RecoveredJournal found, long groups, long unreadableBlocks) {}

    private final BlockFiles files;
    private final Path journal;
    private final Path stream;
    private final SegmentTable table;
    private StateFile stateFile;
    private StreamState storedState;
    private StreamState state;

    private JournalInspector(final BlockFiles files, final Path journal) {
        this.files = files;
        this.journal = journal;
        this.stream = journal.toAbsolutePath().getParent();
        this.table = new SegmentTable(files, journal);
    }

    /**
     * The journals under {@code path}: itself, the {@code journal} directory in it, or, when it is the data directory of a
     * master target, that of each stream in it. Empty when there is none.
     */
    public static List<JournalInspector> find(final BlockFiles files, final Path path) throws IOException {
        final List<JournalInspector> found = new ArrayList<>();
        if (holdsSegments(files, path)) {
            found.add(new JournalInspector(files, path));
        } else if (holdsSegments(files, path.resolve(DIRECTORY_NAME))) {
            found.add(new JournalInspector(files, path.resolve(DIRECTORY_NAME)));
        } else {
            for (final String name : files.list(path)) {
                final Path candidate = path.resolve(name).resolve(DIRECTORY_NAME);
                if (holdsSegments(files, candidate)) {
                    found.add(new JournalInspector(files, candidate));
                }
            }
        }
        return found;
    }

    private static boolean holdsSegments(final BlockFiles files, final Path directory) throws IOException {
        for (final String name : files.list(directory)) {
            if (SegmentTable.slotOf(name) >= 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * Reads state record and headers.
     *
     * @return false when neither the state record nor a single header can be read.
     */
    public boolean load() throws IOException {
        stateFile = new StateFile(files, stream);
        storedState = stateFile.load(BlockFiles.Mode.READ);
        table.load(BlockFiles.Mode.READ);
        if (storedState == null && table.segmentLength() == 0) {
            return false;
        }
        state = storedState != null ? storedState : stateFromHeaders();
        return true;
    }

    /** A journal without its state record: everything that is there is of interest. */
    private StreamState stateFromHeaders() {
        final Positions positions = new Positions(table.segmentLength());
        final long begin = positions.begin(Math.max(1, table.next(0)));
        return new StreamState(
                table.machineIdHigh(),
                table.machineIdLow(),
                table.segmentLength(),
                0,
                0,
                0,
                0,
                begin,
                begin,
                begin,
                0,
                0,
                begin,
                List.of());
    }

    /** Reads every frame from the horizon's segment on, those that were applied already too: no one reuses that segment. */
    public Walk walk(final JournalFrameHandler handler) {
        try (JournalScan scan =
                new JournalScan(files, BlockFiles.Mode.READ, table, fromHorizon(), this::horizonNow, handler)) {
            final RecoveredJournal found = scan.run();
            return new Walk(found, scan.groupCount(), scan.unreadableBlocks());
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot read journal " + journal + ": " + e.getMessage(), e);
        }
    }

    /** The walk hands on everything it reads, also what was applied. */
    private StreamState fromHorizon() {
        return new StreamState(
                state.machineIdHigh(),
                state.machineIdLow(),
                state.segmentLength(),
                state.generation(),
                state.incarnation(),
                state.captureIdHigh(),
                state.captureIdLow(),
                state.floor(),
                state.horizon(),
                0,
                state.appliedSequence(),
                state.appliedCapturePosition(),
                Math.max(state.durablePosition(), state.appliedPosition()),
                state.volumes());
    }

    private long horizonNow() {
        if (storedState == null) {
            return state.horizon();
        }
        final StreamState now = new StateFile(files, stream).load(BlockFiles.Mode.READ);
        return now == null ? state.horizon() : Math.max(now.horizon(), state.horizon());
    }

    /** The directory of segment files. */
    public Path directory() {
        return journal;
    }

    /** The state record, or null when there is none. */
    public StreamState storedState() {
        return storedState;
    }

    /** Number of the state record, and whether the other copy of it is damaged. */
    public long stateCounter() {
        return stateFile.counter();
    }

    /** True when only one copy of the state record is valid. */
    public boolean isOneStateCopyDamaged() {
        return stateFile.isOneCopyDamaged();
    }

    /** The state record, or what the headers say in its place. */
    public StreamState state() {
        return state;
    }

    /** Where a position lies, for people: segment, its file if there is one, offset in it. */
    public String place(final long position) {
        final Positions positions = new Positions(state.segmentLength());
        final long segment = positions.segmentOf(position + 1);
        final SegmentTable.Entry entry = table.find(segment);
        return (entry == null ? "no file" : entry.path.getFileName()) + ", segment " + segment + ", offset "
                + (position - segment * state.segmentLength());
    }

    /** The segment files by name. */
    public List<SegmentInfo> segments() {
        final List<SegmentInfo> list = new ArrayList<>();
        for (final SegmentTable.Entry entry : table.entries()) {
            list.add(new SegmentInfo(
                    entry.path.getFileName().toString(), entry.segmentNumber, entry.headerValid, entry.preparedAtNs));
        }
        return list;
    }
}
