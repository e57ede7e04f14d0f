package org.farshore.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedDisk;

/**
 * One stream's journal on a simulated disk, stepped by a test in one thread. A record is one sequence; the body is made from
 * sequence and incarnation, so that every frame read can be checked.
 */
public final class JournalRig {
    public static final Path STREAM = Path.of("/target/stream");
    public static final Path JOURNAL = STREAM.resolve("journal");
    public static final int SEGMENT_LENGTH = JournalLimits.SEGMENT_LENGTH_MIN;
    public static final long MACHINE_HIGH = 0x1122334455667788L;
    public static final long MACHINE_LOW = 0x99AABBCCDDEEFF00L;

    /** A frame as a handler saw it. */
    public record Seen(long position, int type, int incarnation, long firstSequence, int bodyLength) {}

    public final SimulatedDisk disk;
    final ManualClocks clocks = new ManualClocks();
    final SeededEntropy entropy;
    final HeapCounters counters = new HeapCounters();
    final List<Seen> replayed = new ArrayList<>();
    private final UnsafeBuffer body = new UnsafeBuffer(new byte[JournalLimits.BODY_LENGTH_MAX]);
    int segments = 4;
    StateFile stateFile;
    StreamState state;
    Journal journal;
    int incarnation;
    long appendedSequence;
    long acknowledgedSequence;

    public JournalRig(final SimulatedDisk disk, final long seed) {
        this.disk = disk;
        this.entropy = new SeededEntropy(seed);
    }

    /** Loads the state and opens the journal, as a role does at its start; frames found go to {@link #replayed}. */
    public RecoveredJournal open() {
        disk.createDirectories(STREAM);
        stateFile = new StateFile(disk, STREAM);
        state = stateFile.load();
        if (state == null) {
            state = StreamState.initial(MACHINE_HIGH, MACHINE_LOW, SEGMENT_LENGTH);
            stateFile.store(state);
        }
        final JournalContext context = new JournalContext()
                .files(disk)
                .directory(JOURNAL)
                .clocks(clocks)
                .entropy(entropy)
                .counters(counters, "rig")
                .machineId(MACHINE_HIGH, MACHINE_LOW)
                .segmentLength(SEGMENT_LENGTH)
                .limit((long) segments * SEGMENT_LENGTH)
                .conclude();
        replayed.clear();
        journal = JournalRecovery.open(context, state, (position, frame, buffer, offset, length) -> {
            replayed.add(seen(position, frame, buffer, offset, length));
            return true;
        });
        return journal.recovered();
    }

    private static Seen seen(
            final long position,
            final JournalFrameFlyweight frame,
            final org.agrona.DirectBuffer buffer,
            final int offset,
            final int length) {
        if (frame.type() == JournalFrameFlyweight.TYPE_STREAM) {
            for (int i = 0; i < length; i += 97) {
                assertThat(buffer.getByte(offset + i))
                        .isEqualTo(bodyByte(frame.incarnation(), frame.firstSequence(), i));
            }
        }
        return new Seen(position, frame.type(), frame.incarnation(), frame.firstSequence(), length);
    }

    private static byte bodyByte(final int incarnation, final long sequence, final int i) {
        return (byte) (sequence * 31 + incarnation * 7L + i);
    }

    /** Says hello: the next incarnation begins behind what is durable. */
    public void connect() {
        final JournalWriter writer = journal.writer();
        final RecoveredJournal recovered = journal.recovered();
        incarnation = Math.max(recovered.incarnation(), incarnation) + 1;
        if (!writer.ensureRoom(1000)) {
            step();
            checkpoint();
        }
        appendedSequence = writer.durableEndSequence();
        pumpUntil(() -> writer.appendIncarnation(1, incarnation, appendedSequence + 1, 0, 7, 8) >= 0);
        writer.closeGroup();
        pumpUntil(writer::isAllDurable);
    }

    /** Appends the next sequence; false when there was no room. */
    public boolean append(final int bodyLength) {
        final long sequence = appendedSequence + 1;
        for (int i = 0; i < bodyLength; i++) {
            body.putByte(i, bodyByte(incarnation, sequence, i));
        }
        final long position = journal.writer()
                .append(
                        JournalFrameFlyweight.TYPE_STREAM,
                        1,
                        incarnation,
                        sequence,
                        1,
                        sequence,
                        sequence * 1000,
                        clocks.nanoTime(),
                        body,
                        0,
                        bodyLength);
        if (position >= 0) {
            appendedSequence = sequence;
        }
        return position >= 0;
    }

    /** Appends, working until there is room; a full journal is let go by a checkpoint. */
    public void appendSurely(final int bodyLength) {
        for (int i = 0; i < 20 && !append(bodyLength); i++) {
            step();
            if (i == 19) {
                settle();
                checkpoint();
                pumpUntil(() -> append(bodyLength));
            }
        }
    }

    /** One duty cycle of each thread. */
    public int step() {
        clocks.advance(1_000_000);
        final int work = journal.writer().doWork(clocks.nanoTime())
                + journal.committer().doWork(clocks.nanoTime())
                + journal.writer().doWork(clocks.nanoTime());
        acknowledgedSequence = Math.max(acknowledgedSequence, journal.writer().durableEndSequence());
        return work;
    }

    public void pumpUntil(final java.util.function.BooleanSupplier condition) {
        for (int i = 0; !condition.getAsBoolean(); i++) {
            if (i == 10_000) {
                throw new AssertionError("nothing comes of it");
            }
            step();
        }
    }

    /** Makes everything appended durable. */
    public void settle() {
        journal.writer().closeGroup();
        pumpUntil(journal.writer()::isAllDurable);
        acknowledgedSequence = Math.max(acknowledgedSequence, journal.writer().durableEndSequence());
    }

    /** Waits until the writer has named its last group durable. */
    public void confirm() {
        settle();
        for (int i = 0; i < 250; i++) {
            step();
        }
        settle();
    }

    /** The checkpoint of the apply stage: everything durable is in the replica, older segments may be reused. */
    public void checkpoint() {
        final long durable = journal.writer().durablePosition();
        state = new StreamState(
                MACHINE_HIGH,
                MACHINE_LOW,
                SEGMENT_LENGTH,
                1,
                incarnation,
                7,
                8,
                durable,
                durable,
                durable,
                journal.writer().durableEndSequence(),
                journal.writer().durableCapturePosition(),
                durable,
                List.of());
        stateFile.store(state);
        journal.committer().recycleBelow(durable);
    }

    /** All frames from {@code position} to the durable position, by a reader. */
    public List<Seen> read(final long position) {
        final List<Seen> list = new ArrayList<>();
        try (JournalReader reader = journal.newReader(position)) {
            while (reader.poll(
                            (at, frame, buffer, offset, length) -> list.add(seen(at, frame, buffer, offset, length)),
                            journal.committer().durablePosition(),
                            16)
                    > 0) {
                // Goes on until the limit.
            }
        }
        return list;
    }

    /** Sequences of the STREAM frames in a list, those of older incarnations that were replaced left out. */
    static List<Long> sequences(final List<Seen> frames) {
        final List<Long> list = new ArrayList<>();
        for (final Seen frame : frames) {
            list.removeIf(sequence -> sequence >= frame.firstSequence());
            if (frame.type() == JournalFrameFlyweight.TYPE_STREAM) {
                list.add(frame.firstSequence());
            }
        }
        return list;
    }
}
