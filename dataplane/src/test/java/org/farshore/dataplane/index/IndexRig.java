package org.farshore.dataplane.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalCommitAgent;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalLimits;
import org.farshore.dataplane.journal.JournalRecovery;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/**
 * A journal and its index on a simulated disk, stepped in one thread, beside a model that keeps every write in a list and
 * answers every question by walking it.
 */
public final class IndexRig {
    static final Path STREAM = Path.of("/target/stream");
    static final Path JOURNAL = STREAM.resolve("journal");
    public static final Path INDEX = STREAM.resolve("index");
    public static final int SEGMENT_LENGTH = JournalLimits.SEGMENT_LENGTH_MIN;
    static final long MACHINE_HIGH = 0x1122334455667788L;
    static final long MACHINE_LOW = 0x99AABBCCDDEEFF00L;

    /** One extent that took effect, or will at the next END. */
    record Event(long position, int extent, long sequence, Extent what, int payloadOffset) {
        boolean isZero() {
            return what.payload() == null;
        }
    }

    /** What one sector is made of: position -1 for the base copy, -2 for zeros. */
    record Source(long position, int payloadOffset) {
        static final Source BASE = new Source(-1, 0);
        static final Source ZERO = new Source(-2, 0);
    }

    public final SimulatedDisk disk;
    private final BlockFiles files;
    private final Path stream;
    final ManualClocks clocks = new ManualClocks();
    final List<Event> events = new ArrayList<>();
    /** Frames at which no write is open: their positions can be moments. */
    final List<Long> cuts = new ArrayList<>();

    int segments = 64;
    int pagesPerFile = 8;
    int residentFiles = 3;
    VersionIndex index;
    VersionReader reader;
    Journal journal;
    private final SeededEntropy entropy;
    private final MessageWriter writer = new MessageWriter(MACHINE_HIGH, MACHINE_LOW);
    private JournalCommitAgent committer;
    private StateFile stateFile;
    private StreamState state;
    private int incarnation;
    long horizonSegment = 1;

    public IndexRig(final long seed) {
        disk = new SimulatedDisk(seed);
        files = disk;
        stream = STREAM;
        entropy = new SeededEntropy(seed);
    }

    /** On a real disk, which can be used by several threads. */
    IndexRig(final long seed, final Path directory) {
        disk = null;
        files = new ChannelBlockFiles();
        stream = directory;
        entropy = new SeededEntropy(seed);
    }

    /** Opens the journal as a role does at its start, and the index behind it; the index has done nothing yet. */
    public IndexRig open() {
        createDirectory();
        stateFile = new StateFile(files, stream);
        state = stateFile.load();
        if (state == null) {
            state = StreamState.initial(MACHINE_HIGH, MACHINE_LOW, SEGMENT_LENGTH);
            stateFile.store(state);
        }
        final JournalContext context = new JournalContext()
                .files(files)
                .directory(stream.resolve("journal"))
                .clocks(clocks)
                .entropy(entropy)
                .counters(new HeapCounters(), "rig")
                .machineId(MACHINE_HIGH, MACHINE_LOW)
                .segmentLength(SEGMENT_LENGTH)
                .limit((long) segments * SEGMENT_LENGTH)
                .conclude();
        journal = JournalRecovery.open(context, state, (position, frame, buffer, offset, length) -> true);
        final long end = journal.recovered().endPosition();
        final long endSequence = journal.recovered().endSequence();
        events.removeIf(event -> event.position >= end || event.sequence > endSequence);
        cuts.removeIf(cut -> cut > end);
        incarnation = Math.max(incarnation, journal.recovered().incarnation());
        committer = new JournalCommitAgent(clocks);
        committer.add(journal.committer());
        horizonSegment = state.horizon() / SEGMENT_LENGTH;
        openIndex(context);
        return this;
    }

    private void createDirectory() {
        try {
            files.createDirectories(stream);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void openIndex(final JournalContext context) {
        index = new VersionIndex(new VersionIndexContext()
                .files(files)
                .directory(stream.resolve("index"))
                .journal(context, journal)
                .machine("rig")
                .horizonSegment(horizonSegment)
                .pagesPerFile(pagesPerFile)
                .residentFiles(residentFiles)
                .conclude());
        reader = index.newReader();
    }

    /** A connection begins; what was open is void. */
    public IndexRig connect() {
        settle();
        final long next = journal.writer().durableEndSequence() + 1;
        events.removeIf(event -> event.sequence >= next);
        incarnation++;
        pumpUntilNotNegative(() -> journal.writer().appendIncarnation(1, incarnation, next, 0, 7, 8));
        settle();
        writer.begin(1, incarnation, next, 0);
        return this;
    }

    /** Sends a batch; returns the position of its frame. */
    long send(final List<Extent> extents) {
        final long first = writer.nextSequence();
        final boolean cut = writer.endSequence() == first - 1;
        writer.batch(extents);
        final long position = append(first);
        if (cut) {
            cuts.add(position);
        }
        long sequence = first - 1;
        int payload = 0;
        for (int i = 0; i < extents.size(); i++) {
            final Extent extent = extents.get(i);
            sequence += extent.continued() ? 0 : 1;
            events.add(new Event(position, i, sequence, extent, payload));
            payload += extent.payload() == null ? 0 : extent.payload().length;
        }
        return position;
    }

    public long send(final Extent... extents) {
        return send(List.of(extents));
    }

    /** A frame with nothing in it for the index; its position is a moment. */
    long barrier() {
        final long first = writer.nextSequence();
        writer.barrier();
        final long position = append(first);
        cuts.add(position);
        return position;
    }

    long barrierAndSettle() {
        final long position = barrier();
        settle();
        return position;
    }

    public long barrierAndFollow() {
        final long position = barrier();
        follow();
        return position;
    }

    /** The volume ends: nothing before is of the next one with its number. */
    public long removed(final int volume) {
        final long first = writer.nextSequence();
        writer.volumeRemoved(volume);
        final long position = append(first);
        cuts.add(position);
        events.add(new Event(position, 0, first, new Extent(volume, null, 0, Long.MAX_VALUE, null, true, false), 0));
        return position;
    }

    private long append(final long first) {
        return pumpUntilNotNegative(() -> journal.writer()
                .append(
                        JournalFrameFlyweight.TYPE_STREAM,
                        1,
                        incarnation,
                        first,
                        (int) (writer.nextSequence() - first),
                        writer.endSequence(),
                        writer.capturePosition(),
                        clocks.nanoTime(),
                        writer.buffer(),
                        0,
                        writer.length()));
    }

    private interface Attempt {
        long run();
    }

    private long pumpUntilNotNegative(final Attempt attempt) {
        for (int i = 0; i < 10_000; i++) {
            final long result = attempt.run();
            if (result >= 0) {
                return result;
            }
            pump();
        }
        throw new AssertionError("no room in the journal");
    }

    /** One duty cycle of the journal's threads. */
    void pump() {
        clocks.advance(1_000_000);
        journal.writer().doWork(clocks.nanoTime());
        committer.doWork();
        journal.writer().doWork(clocks.nanoTime());
    }

    /** Everything sent is durable. */
    IndexRig settle() {
        journal.writer().closeGroup();
        for (int i = 0; !journal.writer().isAllDurable(); i++) {
            assertThat(i).isLessThan(10_000);
            pump();
        }
        return this;
    }

    /** The index has taken everything durable. */
    public IndexRig follow() {
        settle();
        for (int idle = 0, i = 0; idle < 3; i++) {
            assertThat(i).isLessThan(100_000);
            idle = index.doWork(clocks.nanoTime()) == 0 ? idle + 1 : 0;
        }
        return this;
    }

    public IndexRig checkpoint() {
        try {
            index.checkpoint();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** Everything in segments below is in the base copy: stored, then told to the index, then to the journal. */
    void raiseHorizon(final long segment) {
        final long position = segment * SEGMENT_LENGTH;
        state = new StreamState(
                MACHINE_HIGH,
                MACHINE_LOW,
                SEGMENT_LENGTH,
                1,
                incarnation,
                7,
                8,
                position,
                position,
                position,
                0,
                0,
                position,
                List.of());
        stateFile.store(state);
        index.raiseHorizon(segment);
        while (index.horizonSegment() < segment) {
            index.doWork(clocks.nanoTime());
        }
        horizonSegment = segment;
        journal.committer().recycleBelow(position);
    }

    /** An orderly end. */
    void close() {
        reader.close();
        index.close();
        committer.onClose();
        stateFile.close();
    }

    /** The role ends, or its machine does; what the disk keeps is as it says. */
    void stop(final SimulatedDisk.Survival survival) {
        disk.restart(survival);
        if (stateFile != null) {
            stateFile.close();
        }
    }

    public static Extent zero(final int volume, final long offset, final long length) {
        return Extent.empty(volume, ExtentKind.ZERO, offset, length);
    }

    public static Extent discard(final int volume, final long offset, final long length) {
        return Extent.empty(volume, ExtentKind.DISCARD, offset, length);
    }

    public static Extent write(final int volume, final long offset, final int length) {
        return Extent.write(volume, offset, new byte[length]);
    }

    /** What the sectors of an extent are made of, by the list. */
    List<Source> expected(
            final int volume, final long offset, final int length, final long position, final int extents) {
        final Source[] sources = new Source[length / 512];
        Arrays.fill(sources, Source.BASE);
        for (final Event event : events) {
            final boolean before = event.position < position || (event.position == position && event.extent < extents);
            if (before && event.position / SEGMENT_LENGTH >= horizonSegment && event.what.volume() == volume) {
                cover(sources, offset, event);
            }
        }
        return List.of(sources);
    }

    private static void cover(final Source[] sources, final long offset, final Event event) {
        final long begin = Math.max(0, (event.what.offset() - offset) / 512);
        final long end = event.what.length() == Long.MAX_VALUE
                ? sources.length
                : Math.min(sources.length, (event.what.offset() + event.what.length() - offset) / 512);
        for (long i = begin; i < end; i++) {
            final long inExtent = offset + i * 512 - event.what.offset();
            if (event.what.kind() == null) {
                sources[(int) i] = Source.BASE;
            } else if (event.isZero()) {
                sources[(int) i] = Source.ZERO;
            } else {
                sources[(int) i] = new Source(event.position, (int) (event.payloadOffset + inExtent));
            }
        }
    }

    /** What the index says of the same. */
    List<Source> actual(final int volume, final long offset, final int length, final long moment) {
        final Pieces pieces = new Pieces(offset);
        reader.read(volume, offset, length, moment, pieces);
        assertThat(pieces.next).isEqualTo(offset + length);
        return pieces.sources;
    }

    void check(final int volume, final long offset, final int length, final long position) {
        check(volume, offset, length, position, 0);
    }

    /** Compares index and list over an extent, at the moment before a position, or behind some extents of its frame. */
    void check(final int volume, final long offset, final int length, final long position, final int extents) {
        final List<Source> actual = actual(volume, offset, length, reader.momentBefore(position, extents));
        final List<Source> expected = expected(volume, offset, length, position, extents);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i))
                    .as(
                            "volume %d, sector at %d, before position %d and %d",
                            volume, offset + i * 512, position, extents)
                    .isEqualTo(expected.get(i));
        }
    }

    /** Pieces taken apart into sectors. */
    static final class Pieces implements PieceHandler {
        final List<Source> sources = new ArrayList<>();
        private long next;

        Pieces(final long begin) {
            next = begin;
        }

        private void add(final long offset, final long length, final Source first, final int step) {
            assertThat(offset).isEqualTo(next);
            assertThat(length).isPositive();
            for (int i = 0; i < length / 512; i++) {
                sources.add(step == 0 ? first : new Source(first.position, first.payloadOffset + i * step));
            }
            next = offset + length;
        }

        @Override
        public void onBase(final long offset, final long length) {
            add(offset, length, Source.BASE, 0);
        }

        @Override
        public void onZero(final long offset, final long length) {
            add(offset, length, Source.ZERO, 0);
        }

        @Override
        public void onJournal(
                final long offset, final long length, final long journalPosition, final int payloadOffset) {
            add(offset, length, new Source(journalPosition, payloadOffset), 512);
        }
    }
}
