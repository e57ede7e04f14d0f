package org.farshore.dataplane.index;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Crc32c;

/** What a {@link VersionIndex} is made of. */
public final class VersionIndexContext {
    /** Name of the index's directory in the directory of a stream. */
    public static final String DIRECTORY_NAME = "index";
    /** Full version files that are kept in memory, 8 MiB each; older ones are read page by page. */
    public static final int RESIDENT_FILES_DEFAULT = 32;

    private BlockFiles files;
    private Path directory;
    private String machine = "";
    private long machineIdHigh;
    private long machineIdLow;
    private int segmentLength;
    private long journalEnd;
    private long horizonSegment = 1;
    private long horizonPosition;
    private LongFunction<JournalReader> readers;
    private LongSupplier durablePosition;
    private int pagesPerFile = VersionIds.PAGES_PER_FILE_MAX;
    private int residentFiles = RESIDENT_FILES_DEFAULT;

    /** Checks that nothing is missing. */
    public VersionIndexContext conclude() {
        if (files == null || directory == null || readers == null || durablePosition == null || segmentLength == 0) {
            throw new IllegalStateException("index context lacks files, directory or journal");
        }
        if (pagesPerFile < 1 || pagesPerFile > VersionIds.PAGES_PER_FILE_MAX || residentFiles < 2) {
            throw new IllegalStateException("index of " + pagesPerFile + " pages per file, " + residentFiles
                    + " files in memory: 1 to " + VersionIds.PAGES_PER_FILE_MAX + " pages, at least 2 files");
        }
        return this;
    }

    /** The disk seam. */
    public VersionIndexContext files(final BlockFiles value) {
        files = value;
        return this;
    }

    /** The directory of the version files; made if missing. */
    public VersionIndexContext directory(final Path value) {
        directory = value;
        return this;
    }

    /** The journal to follow, open. */
    public VersionIndexContext journal(final JournalContext context, final Journal journal) {
        return stream(context.machineIdHigh(), context.machineIdLow(), context.segmentLength())
                .frames(journal.recovered().endPosition(), journal::newReader, journal.committer()::durablePosition);
    }

    /** Whose journal it is, and the length of its segments, bytes. */
    VersionIndexContext stream(final long idHigh, final long idLow, final int journalSegmentLength) {
        machineIdHigh = idHigh;
        machineIdLow = idLow;
        segmentLength = journalSegmentLength;
        return this;
    }

    /**
     * Where frames come from.
     *
     * @param endAtOpening what lay behind is gone: other frames come to stand there.
     */
    VersionIndexContext frames(
            final long endAtOpening, final LongFunction<JournalReader> newReader, final LongSupplier durable) {
        journalEnd = endAtOpening;
        readers = newReader;
        durablePosition = durable;
        return this;
    }

    /** What to call the stream in the log. */
    public VersionIndexContext machine(final String value) {
        machine = value;
        return this;
    }

    /** Journal segments below are in the base copy and may be gone: the stream's stored horizon. */
    public VersionIndexContext horizonSegment(final long value) {
        horizonSegment = value;
        return this;
    }

    /**
     * Frames below are in the base copy, too, as the stream's state record says: what was written to the base copy past
     * their versions must be seen, so those are not believed again.
     */
    public VersionIndexContext horizonPosition(final long value) {
        horizonPosition = value;
        return this;
    }

    /** Length of a version file in pages of 4 KiB, at most and by default 2048. */
    public VersionIndexContext pagesPerFile(final int value) {
        pagesPerFile = value;
        return this;
    }

    /** Version files in memory, the one being filled included. */
    public VersionIndexContext residentFiles(final int value) {
        residentFiles = value;
        return this;
    }

    BlockFiles files() {
        return files;
    }

    Path directory() {
        return directory;
    }

    String machine() {
        return machine;
    }

    long machineIdHigh() {
        return machineIdHigh;
    }

    long machineIdLow() {
        return machineIdLow;
    }

    int segmentLength() {
        return segmentLength;
    }

    long journalEnd() {
        return journalEnd;
    }

    long horizonSegment() {
        return horizonSegment;
    }

    long horizonPosition() {
        return horizonPosition;
    }

    JournalReader newReader(final long position) {
        return readers.apply(position);
    }

    long durablePosition() {
        return durablePosition.getAsLong();
    }

    int pagesPerFile() {
        return pagesPerFile;
    }

    int residentFiles() {
        return residentFiles;
    }

    /** What pages are marked with, so that those of another stream are refused. */
    int stream() {
        return streamOf(machineIdHigh, machineIdLow);
    }

    static int streamOf(final long machineIdHigh, final long machineIdLow) {
        final UnsafeBuffer id = new UnsafeBuffer(ByteBuffer.allocateDirect(2 * Long.BYTES));
        id.putLong(0, machineIdHigh, ByteOrder.LITTLE_ENDIAN);
        id.putLong(Long.BYTES, machineIdLow, ByteOrder.LITTLE_ENDIAN);
        return Crc32c.compute(id, 0, 2 * Long.BYTES);
    }
}
