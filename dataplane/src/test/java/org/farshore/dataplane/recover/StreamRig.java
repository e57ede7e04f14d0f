package org.farshore.dataplane.recover;

import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalCommitAgent;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.journal.JournalLimits;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.journal.JournalRecovery;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeState;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.ship.MessageWriter;

/** One stream's journal, written by the production writer with real messages; everything in one thread. */
final class StreamRig {
    static final Path STREAM = Path.of("/target/machine");
    static final int SEGMENT_LENGTH = JournalLimits.SEGMENT_LENGTH_MIN;
    static final long HIGH = 11;
    static final long LOW = 22;

    final MessageWriter messages = new MessageWriter(HIGH, LOW);
    final BlockFiles files;
    private final ManualClocks clocks = new ManualClocks();
    private final SeededEntropy entropy;
    private final int segments;
    private StateFile stateFile;
    StreamState state;
    Journal journal;
    JournalContext context;
    private JournalCommitAgent commit;
    private int incarnation;

    StreamRig(final BlockFiles files, final long seed, final int segments) {
        this.files = files;
        this.entropy = new SeededEntropy(seed);
        this.segments = segments;
    }

    /** Loads the state and opens the journal, as a role does at its start. */
    void open() throws java.io.IOException {
        files.createDirectories(STREAM);
        stateFile = new StateFile(files, STREAM);
        state = stateFile.load();
        if (state == null) {
            state = StreamState.initial(HIGH, LOW, SEGMENT_LENGTH);
            stateFile.store(state);
        }
        context = new JournalContext()
                .files(files)
                .directory(STREAM.resolve("journal"))
                .clocks(clocks)
                .entropy(entropy)
                .counters(new HeapCounters(), "rig")
                .machineId(HIGH, LOW)
                .segmentLength(SEGMENT_LENGTH)
                .limit((long) segments * SEGMENT_LENGTH)
                .conclude();
        journal = JournalRecovery.open(context, state, (position, frame, buffer, offset, length) -> true);
        commit = new JournalCommitAgent(clocks);
        commit.add(journal.committer());
        incarnation = Math.max(incarnation, journal.recovered().incarnation());
    }

    /** A sender says hello: numbers go on behind the newest durable END. */
    void connect() {
        incarnation++;
        final long next = journal.writer().durableEndSequence() + 1;
        final long capture = journal.writer().durableCapturePosition();
        pumpUntil(() -> journal.writer().appendIncarnation(1, incarnation, next, capture, 7, 8) >= 0);
        settle();
        messages.begin(1, incarnation, next, capture);
    }

    /** Appends the message that was written last; returns the position of its frame. */
    long append(final MessageWriter message, final long firstSequence) {
        final int count = (int) (message.nextSequence() - firstSequence);
        final long[] position = {-1};
        pumpUntil(() -> {
            position[0] = journal.writer()
                    .append(
                            JournalFrameFlyweight.TYPE_STREAM,
                            1,
                            incarnation,
                            firstSequence,
                            count,
                            message.endSequence(),
                            message.capturePosition(),
                            firstSequence,
                            message.buffer(),
                            0,
                            message.length());
            return position[0] >= 0;
        });
        return position[0];
    }

    void step() {
        clocks.advance(1_000_000);
        journal.writer().doWork(clocks.nanoTime());
        commit.doWork();
        journal.writer().doWork(clocks.nanoTime());
    }

    private void pumpUntil(final BooleanSupplier condition) {
        for (int i = 0; !condition.getAsBoolean(); i++) {
            if (i == 10_000) {
                throw new AssertionError("nothing comes of it");
            }
            step();
        }
    }

    /** Makes everything appended durable. */
    void settle() {
        journal.writer().closeGroup();
        pumpUntil(journal.writer()::isAllDurable);
    }

    long durable() {
        return journal.committer().durablePosition();
    }

    /** Hands durable frames from a position on to a handler. */
    void follow(final long from, final JournalFrameHandler handler) {
        try (JournalReader reader = journal.newReader(from)) {
            while (reader.poll(handler, durable(), 64) > 0) {
                // Goes on until the durable position.
            }
        }
    }

    /** Stores that the replica has everything below a position, and lets the segments below go. */
    void retire(final long position, final long sequence, final List<VolumeState> volumes) {
        state = new StreamState(
                HIGH,
                LOW,
                SEGMENT_LENGTH,
                1,
                incarnation,
                7,
                8,
                position,
                position,
                position,
                sequence,
                0,
                position,
                volumes);
        stateFile.store(state);
        journal.committer().recycleBelow(position);
    }
}
