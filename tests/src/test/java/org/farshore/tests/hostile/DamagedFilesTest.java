package org.farshore.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.journal.StateRecordDecoder;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.mastertarget.StoppedTarget;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.tool.JournalToolAccess;
import org.farshore.tests.fuzz.HeapFiles;
import org.farshore.tests.fuzz.Inputs;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The data directory of a killed master target, kept as today's version left it (journal frame 1, journal schema 0), in the
 * hands of this version: whole, with a flipped byte anywhere, cut, of a newer version.
 *
 * <p>The kept directory is made by {@code -Dfarshore.test.keep=true} and never again for the same format.
 */
class DamagedFilesTest {
    private static final String KEPT = "/kept/master-target-frame1-schema0.zip";
    private static final int FLIPS = 400;
    private static final long SEED = Long.getLong("farshore.test.seed", 20_260_102L);
    private static final Path STREAM = StoppedTarget.REPLICA.getParent().getParent();
    private static final Path JOURNAL = STREAM.resolve("journal");
    private static final Path FIRST_SEGMENT = JOURNAL.resolve("segment-00000");
    private static final Path STATE = STREAM.resolve(StateFile.NAME);
    private static final int VERSION_OFFSET = 6;
    private static final int SEGMENT_LENGTH = 256 << 10;
    /** Of state records and segment headers, which are of one schema. */
    private static final short NEWER = (short) (StateRecordDecoder.SCHEMA_VERSION + 1);

    private static final int STATE_COPY_LENGTH = 16 << 10;
    private static final int SEGMENT_HEADER_LENGTH = 56;

    @TempDir
    Path temporary;

    @Test
    void directoryOfAnOlderBuildIsReadAndAppliedToTheEnd() throws Exception {
        if (Boolean.getBoolean("farshore.test.keep")) {
            keep();
        }
        final HeapFiles files = kept();
        StoppedTarget.startAndApply(files);
        assertThat(StoppedTarget.isComplete(files.get(StoppedTarget.REPLICA))).isTrue();
        assertThat(StoppedTarget.wrongBlock(files.get(StoppedTarget.REPLICA))).isNegative();
    }

    @Test
    void flippedByteAnywhereBringsNoWrongBytesAndIsFoundByVerify() throws Exception {
        final SplittableRandom random = new SplittableRandom(SEED);
        final int needed = offsetInSegment(new StateFile(kept(), STREAM).load().horizon());
        final int proven = offsetInSegment(provenPosition(kept().get(FIRST_SEGMENT)));
        int found = 0;
        int refused = 0;
        for (int i = 0; i < FLIPS; i++) {
            final HeapFiles files = kept();
            final Path path = i % 4 == 3 ? STATE : FIRST_SEGMENT;
            final int at = place(random, i, path, needed, proven);
            files.get(path)[at] ^= (byte) (1 << random.nextInt(8));
            final String what = "seed " + SEED + ", flip " + i + " at " + at + " of " + path.getFileName();
            final JournalToolAccess.Result verdict = JournalToolAccess.run(files, "verify", STREAM.toString());
            assertThat(verdict.errors()).as(what).isEmpty();
            assertThat(verdict.exitCode()).as(what + verdict.output()).isIn(0, ExitCode.NO.code());
            if (verdict.exitCode() == ExitCode.NO.code()) {
                found++;
                assertThat(verdict.output())
                        .as(what)
                        .containsPattern(
                                "(segment-00000, segment 1, offset \\d+)|(segment-00000: its header)|(one of the two copies)");
            } else {
                // What was applied is free to be written over; what nothing proves durable is an open tail.
                assertThat(path.equals(FIRST_SEGMENT) && at >= SEGMENT_HEADER_LENGTH && (at < needed || at >= proven))
                        .as(what + " is not found")
                        .isTrue();
            }
            try {
                StoppedTarget.startAndApply(files);
            } catch (final FarshoreException e) {
                refused++;
                assertThat(e.getMessage()).as(what).isNotBlank();
            }
            assertThat(StoppedTarget.wrongBlock(files.get(StoppedTarget.REPLICA)))
                    .as(what)
                    .isNegative();
        }
        System.out.println(
                "flips: " + FLIPS + ", found by verify: " + found + ", in frames already applied or in the open"
                        + " tail: " + (FLIPS - found) + ", start refused: " + refused);
        assertThat(found).isGreaterThan(FLIPS / 2);
    }

    /** Segment header, a frame's header, bodies and state record each get their share; some flips fall anywhere. */
    private static int place(
            final SplittableRandom random, final int i, final Path path, final int needed, final int proven) {
        if (path.equals(STATE)) {
            return random.nextInt(2 * STATE_COPY_LENGTH);
        }
        return switch (i % 12) {
            case 0, 4 -> random.nextInt(SEGMENT_HEADER_LENGTH);
            case 1, 5, 9 -> needed + random.nextInt(128);
            case 8 -> 4096 + random.nextInt(proven);
            default -> needed + random.nextInt(proven - needed);
        };
    }

    private static int offsetInSegment(final long position) {
        return (int) (position % SEGMENT_LENGTH);
    }

    /** The highest durable position that a frame of the segment names. */
    private static long provenPosition(final byte[] segment) {
        final UnsafeBuffer buffer = new UnsafeBuffer(segment);
        long proven = 0;
        for (int at = 4096; buffer.getInt(at, Inputs.LE) >= 128; at += (buffer.getInt(at, Inputs.LE) + 31) & -32) {
            proven = Math.max(proven, buffer.getLong(at + 48, Inputs.LE));
        }
        return proven;
    }

    @Test
    void segmentCutInTheMiddleIsReportedWithItsPlace() throws Exception {
        final HeapFiles files = kept();
        files.put(FIRST_SEGMENT, java.util.Arrays.copyOf(files.get(FIRST_SEGMENT), 110_000));
        final JournalToolAccess.Result verdict = JournalToolAccess.run(files, "verify", STREAM.toString());
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.NO.code());
        assertThat(verdict.output()).contains("segment 1, offset").contains("is cut to 110000 of 262144 bytes");
        StoppedTarget.startAndApply(files);
        assertThat(StoppedTarget.wrongBlock(files.get(StoppedTarget.REPLICA))).isNegative();
    }

    @Test
    void filesOfANewerVersionAreRefusedUntouched() {
        refusedUntouched("state record of version " + NEWER, files -> {
            final UnsafeBuffer state = new UnsafeBuffer(files.get(STATE));
            for (int copy = 0; copy < 2; copy++) {
                state.putShort(copy * STATE_COPY_LENGTH + VERSION_OFFSET, NEWER, Inputs.LE);
                Inputs.seal(files.get(STATE), copy * STATE_COPY_LENGTH, STATE_COPY_LENGTH);
            }
        });
        refusedUntouched("journal segment of version " + NEWER, files -> {
            new UnsafeBuffer(files.get(FIRST_SEGMENT)).putShort(VERSION_OFFSET, NEWER, Inputs.LE);
            Inputs.seal(files.get(FIRST_SEGMENT), 0, SEGMENT_HEADER_LENGTH);
        });
        refusedUntouched("frames of version 2", files -> {
            final byte[] segment = files.get(FIRST_SEGMENT);
            final UnsafeBuffer buffer = new UnsafeBuffer(segment);
            for (int at = 4096; buffer.getInt(at, Inputs.LE) >= 128; ) {
                final int length = (buffer.getInt(at, Inputs.LE) + 31) & -32;
                segment[at + 4] = 2;
                Inputs.seal(segment, at, length);
                at += length;
            }
        });
    }

    private static void refusedUntouched(final String words, final Consumer<HeapFiles> makeNewer) {
        final HeapFiles files = kept();
        makeNewer.accept(files);
        final Map<Path, byte[]> before = new LinkedHashMap<>();
        files.all().forEach((path, bytes) -> before.put(path, bytes.clone()));
        assertThatThrownBy(() -> StoppedTarget.startAndApply(files))
                .isInstanceOfSatisfying(FarshoreException.class, e -> {
                    assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
                    assertThat(e).hasMessageContaining(words).hasMessageContaining("start the newer one");
                    System.out.println("refused: " + e.getMessage());
                });
        before.forEach(
                (path, bytes) -> assertThat(files.get(path)).as(path.toString()).isEqualTo(bytes));
        final JournalToolAccess.Result verdict = JournalToolAccess.run(files, "verify", STREAM.toString());
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.CONFIGURATION.code());
        assertThat(verdict.errors()).contains(words).hasLineCount(1);
    }

    @Test
    @Tag("system")
    void journalToolEndsWith74WhenNothingTellsWhatTheJournalIs() throws IOException {
        unpack(temporary);
        final Path state = temporary.resolve(StoppedTarget.DATA.relativize(STATE));
        Files.write(state, new byte[] {1, 2, 3});
        final Shell.Result result =
                Shell.attempt(FarshoreLab.launcher().toString(), "journal", "verify", temporary.toString());
        assertThat(result.exitCode()).as(result.errors()).isEqualTo(ExitCode.STORAGE.code());
        assertThat(result.errors()).contains(state.toString()).hasLineCount(1);
        Files.write(state, new byte[2 * STATE_COPY_LENGTH]);
        final Shell.Result zeros =
                Shell.attempt(FarshoreLab.launcher().toString(), "journal", "verify", temporary.toString());
        assertThat(zeros.exitCode()).as(zeros.errors()).isEqualTo(ExitCode.STORAGE.code());
        assertThat(zeros.errors())
                .contains("both copies of the state record are damaged")
                .hasLineCount(1);
        System.out.println("refused: " + zeros.errors().strip());
    }

    // the kept directory

    private static HeapFiles kept() {
        final HeapFiles files = new HeapFiles();
        forEachKept((name, bytes) -> files.put(StoppedTarget.DATA.resolve(name), bytes));
        return files;
    }

    private static void unpack(final Path directory) {
        forEachKept((name, bytes) -> {
            try {
                final Path file = directory.resolve(name);
                Files.createDirectories(file.getParent());
                Files.write(file, bytes);
            } catch (final IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private interface KeptFile {
        void accept(String name, byte[] bytes);
    }

    private static void forEachKept(final KeptFile handler) {
        try (InputStream resource = DamagedFilesTest.class.getResourceAsStream(KEPT);
                ZipInputStream zip =
                        new ZipInputStream(resource == null ? new ByteArrayInputStream(new byte[0]) : resource)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                handler.accept(entry.getName(), zip.readAllBytes());
            }
        } catch (final IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Writes the directory that a target of this very build leaves; only for a format that has none yet. */
    private static void keep() throws IOException {
        final BlockFiles disk = StoppedTarget.disk();
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (final Map.Entry<Path, byte[]> file :
                    HeapFiles.image(disk, StoppedTarget.DATA).entrySet()) {
                final ZipEntry entry = new ZipEntry(
                        StoppedTarget.DATA.relativize(file.getKey()).toString());
                entry.setTime(0);
                zip.putNextEntry(entry);
                zip.write(file.getValue());
            }
        }
        final Path target = FarshoreLab.root().resolve("tests/src/test/resources" + KEPT);
        new ChannelBlockFiles().createDirectories(target.getParent());
        Files.write(target, bytes.toByteArray());
    }
}
