package org.farshore.tests.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.JournalDamageException;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.journal.JournalRecovery;
import org.farshore.dataplane.journal.JournalRig;
import org.farshore.dataplane.journal.RecoveredJournal;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedDisk;

/**
 * A damaged journal under recovery, reader and inspector. No frame is handed out that was not written just so at just that
 * place, and nothing that was acknowledged goes missing without a word: it is there, or it is reported.
 */
public final class JournalFuzz {
    private static final int FRAMES = 12;
    private static final int POLLS_MAX = 10_000;
    private static final Map<Long, byte[]> WRITTEN = new HashMap<>();
    private static final Map<Path, byte[]> IMAGE = image();

    private JournalFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final HeapFiles files = new HeapFiles(IMAGE);
        final int edits = Edits.apply(input, files.all());
        final boolean isDisk = !Edits.isMalicious(input);
        inspect(files, isDisk);
        try {
            recover(files, isDisk, isDisk && edits <= 1, Edits.isFlip(input));
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(edits > 0, "an undamaged journal is refused: " + e.getMessage());
        }
    }

    private static void recover(
            final HeapFiles files, final boolean isDisk, final boolean isOneFault, final boolean isFlip) {
        final StateFile stateFile = new StateFile(files, JournalRig.STREAM);
        final StreamState state = stateFile.load();
        if (state == null) {
            return;
        }
        final Map<Long, byte[]> found = new HashMap<>();
        final Journal journal =
                JournalRecovery.open(context(files), state, (position, frame, buffer, offset, length) -> {
                    look(found, position, frame, buffer, offset, length, isDisk);
                    return true;
                });
        final RecoveredJournal recovered = journal.recovered();
        final boolean isReported = !recovered.damages().isEmpty() || stateFile.isOneCopyDamaged();
        for (final long position : isOneFault && !isReported ? WRITTEN.keySet() : Set.<Long>of()) {
            // What is gone from the end, block by block, looks like a tail that was never written: the sender finds
            // out.
            RecordMessageFuzz.require(
                    found.containsKey(position) || (!isFlip && position >= recovered.endPosition()),
                    "the acknowledged frame at " + position + " is gone without a word");
        }
        read(journal, state, isDisk);
    }

    private static void read(final Journal journal, final StreamState state, final boolean isDisk) {
        final long limit = journal.committer().durablePosition();
        final Map<Long, byte[]> found = new HashMap<>();
        try (JournalReader reader = journal.newReader(state.appliedPosition())) {
            for (int i = 0; i < POLLS_MAX && reader.position() < limit; i++) {
                final long before = reader.position();
                try {
                    reader.poll(
                            (position, frame, buffer, offset, length) -> {
                                look(found, position, frame, buffer, offset, length, isDisk);
                                return true;
                            },
                            limit,
                            16);
                } catch (final JournalDamageException e) {
                    reader.skipDamage(limit);
                }
                RecordMessageFuzz.require(reader.position() > before, "the reader stands still at " + before);
            }
        }
    }

    private static void inspect(final HeapFiles files, final boolean isDisk) {
        try {
            for (final JournalInspector inspector : JournalInspector.find(files, JournalRig.STREAM)) {
                if (inspector.load()) {
                    inspector.segments();
                    inspector.walk((position, frame, buffer, offset, length) -> {
                        look(new HashMap<>(), position, frame, buffer, offset, length, isDisk);
                        return true;
                    });
                }
            }
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(!e.getMessage().isBlank(), "a refusal without a word");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void look(
            final Map<Long, byte[]> found,
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final boolean isDisk) {
        final byte[] body = new byte[length];
        buffer.getBytes(offset, body);
        if (isDisk) {
            final byte[] written = WRITTEN.get(position);
            RecordMessageFuzz.require(
                    written == null || Arrays.equals(written, body), "wrong bytes in the frame at " + position);
            RecordMessageFuzz.require(
                    written != null || frame.durablePosition() <= position, "a frame that nobody wrote at " + position);
        }
        found.put(position, body);
    }

    private static JournalContext context(final HeapFiles files) {
        return new JournalContext()
                .files(files)
                .directory(JournalRig.JOURNAL)
                .clocks(new ManualClocks())
                .entropy(new SeededEntropy(3))
                .counters(new HeapCounters(), "fuzz")
                .machineId(JournalRig.MACHINE_HIGH, JournalRig.MACHINE_LOW)
                .segmentLength(JournalRig.SEGMENT_LENGTH)
                .limit(4L * JournalRig.SEGMENT_LENGTH)
                .conclude();
    }

    /** Three segments in use: some frames applied, more behind them, all confirmed. */
    private static Map<Path, byte[]> image() {
        final JournalRig rig = new JournalRig(new SimulatedDisk(4), 4);
        rig.open();
        rig.connect();
        for (int i = 0; i < FRAMES; i++) {
            rig.appendSurely(3000 + 5000 * (i % 5));
            if (i % 3 == 2) {
                rig.settle();
            }
            if (i == FRAMES / 3) {
                rig.settle();
                rig.checkpoint();
            }
        }
        for (int i = 0; i < FRAMES; i++) {
            rig.appendSurely(40_000);
            rig.settle();
        }
        rig.confirm();
        try {
            final Map<Path, byte[]> image = HeapFiles.image(rig.disk, JournalRig.STREAM);
            final HeapFiles files = new HeapFiles(image);
            final Journal journal = JournalRecovery.open(
                    context(files),
                    new StateFile(files, JournalRig.STREAM).load(),
                    (position, frame, buffer, offset, length) -> {
                        final byte[] body = new byte[length];
                        buffer.getBytes(offset, body);
                        WRITTEN.put(position, body);
                        return true;
                    });
            RecordMessageFuzz.require(journal.recovered().damages().isEmpty(), "the image is damaged");
            return image;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<byte[]> seeds() {
        return Edits.seeds(IMAGE.size());
    }
}
