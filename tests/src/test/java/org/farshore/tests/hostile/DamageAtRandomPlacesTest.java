package org.farshore.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.farshore.dataplane.mastertarget.ReopenedHistory;
import org.farshore.dataplane.mastertarget.StoppedHistory;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.tool.JournalToolAccess;
import org.farshore.tests.fuzz.HeapFiles;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * One bit flips somewhere in what a killed master target has left, in any kind of file that carries a checksum of ours or
 * must do without; then the role starts again. Every offered point, every view and both replicas show the right bytes or an
 * error. What can be made again, or stands there twice, is there as before; of the rest the role says which file, and what
 * to do. More flips by {@code -Dfarshore.test.flips}.
 */
class DamageAtRandomPlacesTest {
    private static final long SEED = Long.getLong("farshore.test.seed", 20_260_808L);
    private static final int FLIPS = Integer.getInteger("farshore.test.flips", 1_000);
    private static final int ANYWHERE_ONE_IN = 8;
    private static final int TRIES_FOR_DATA = 2_000;
    private static final Logger LOG = Logger.getLogger("org.farshore.dataplane");

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<String> said = new ArrayList<>();
    private final Map<String, TreeMap<String, Integer>> tally = new TreeMap<>();
    private final Handler ear = new Handler() {
        @Override
        public void publish(final LogRecord line) {
            said.add(line.getMessage());
        }

        @Override
        public void flush() {
            // Nothing waits.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    };

    private enum Kind {
        JOURNAL,
        INDEX,
        INDEX_CHECKPOINT,
        STATE,
        CHECKPOINT,
        POINTS,
        PINS,
        FAILOVER,
        VIEW,
        PRESENCE,
        CLAIM;

        /** Of a file; null for data, which carries no checksum of ours. */
        static Kind of(final Path path) {
            final boolean isIndex = path.getParent().endsWith("index");
            final String name = path.getFileName().toString();
            return switch (name) {
                case "checkpoint" -> isIndex ? INDEX_CHECKPOINT : CHECKPOINT;
                case "state" -> STATE;
                case "points" -> POINTS;
                case "pins" -> PINS;
                case "failover" -> FAILOVER;
                case "view" -> VIEW;
                case "replica.properties" -> CLAIM;
                case "replica.img", "versions.spare" -> null;
                default ->
                    name.startsWith("segment-")
                            ? JOURNAL
                            : isIndex ? INDEX : name.endsWith(".present") ? PRESENCE : null;
            };
        }

        /**
         * True for what can be made again from something else, or stands in its file more than once. The other copy of the
         * state record is an older one, and what it names may lie in journal that was reused since.
         */
        boolean isRepaired() {
            return this != JOURNAL && this != CLAIM && this != STATE;
        }

        /** True where each byte of a copy is vouched for, and what it says is nowhere else: damage is told. */
        boolean isTold() {
            return this == STATE || this == PINS || this == FAILOVER || this == VIEW;
        }
    }

    /** Others in this JVM may have silenced it. */
    private Level levelBefore;

    @BeforeEach
    void listen() {
        levelBefore = LOG.getLevel();
        LOG.setLevel(Level.INFO);
        LOG.setUseParentHandlers(false);
        LOG.addHandler(ear);
    }

    @AfterEach
    void listenNoMore() {
        LOG.removeHandler(ear);
        LOG.setUseParentHandlers(true);
        LOG.setLevel(levelBefore);
    }

    @Test
    void flippedBitAnywhereGivesTheRightBytesOrAnErrorThatNamesIt() throws Exception {
        final List<StoppedHistory> histories =
                List.of(StoppedHistory.replicating(SEED), StoppedHistory.failedOver(SEED + 1));
        final List<ReopenedHistory> wholes = new ArrayList<>();
        for (final StoppedHistory history : histories) {
            wholes.add(history.reopen(history.files()));
            assertThat(wholes.get(wholes.size() - 1).unreadable()).isZero();
            assertThat(wholes.get(wholes.size() - 1).pins()).isNotEmpty();
        }
        for (int i = 0; i < FLIPS; i++) {
            flip(i, histories.get(i % 2), wholes.get(i % 2));
        }
        System.out.println("seed " + SEED + ", " + FLIPS + " flips: " + tally);
        assertThat(tally.keySet()).hasSize(Kind.values().length);
        assertThat(tally.get(Kind.INDEX.name())).containsKey("made again");
        assertThat(tally.get(Kind.JOURNAL.name())).containsKey("refused in part");
    }

    private void flip(final int number, final StoppedHistory history, final ReopenedHistory whole) throws Exception {
        final HeapFiles files = history.files();
        final TreeMap<Kind, List<Path>> kinds = new TreeMap<>();
        for (final Path path : files.all().keySet()) {
            final Kind kind = Kind.of(path);
            if (kind != null) {
                kinds.computeIfAbsent(kind, none -> new ArrayList<>()).add(path);
            }
        }
        final Kind kind = new ArrayList<>(kinds.keySet()).get(random.nextInt(kinds.size()));
        final Path path = kinds.get(kind).get(random.nextInt(kinds.get(kind).size()));
        final int at = place(files.get(path));
        files.get(path)[at] ^= (byte) (1 << random.nextInt(8));
        final String story = "seed " + SEED + ", flip " + number + " at " + at + " of " + path;
        final HeapFiles damaged = files.copy();
        said.clear();
        String outcome;
        try {
            outcome = judge(story, kind, path, damaged, history.reopen(files), whole);
        } catch (final FarshoreException e) {
            assertThat(kind.isRepaired()).as(story + ": " + e.getMessage()).isFalse();
            assertThat(e.getMessage()).as(story).contains(path.toString());
            outcome = "start refused";
        } catch (final AssertionError | RuntimeException e) {
            throw new AssertionError(story + ": " + e.getMessage() + "; said " + said, e);
        }
        tally.computeIfAbsent(kind.name(), none -> new TreeMap<>()).merge(outcome, 1, Integer::sum);
    }

    /** Mostly where there is something. */
    private int place(final byte[] bytes) {
        int at = random.nextInt(bytes.length);
        if (random.nextInt(ANYWHERE_ONE_IN) > 0) {
            for (int i = 0; i < TRIES_FOR_DATA && bytes[at] == 0; i++) {
                at = random.nextInt(bytes.length);
            }
        }
        return at;
    }

    private String judge(
            final String story,
            final Kind kind,
            final Path path,
            final HeapFiles damaged,
            final ReopenedHistory shown,
            final ReopenedHistory whole) {
        final boolean isAsBefore = shown.offered().equals(whole.offered())
                && shown.complaints().equals(whole.complaints())
                && shown.unreadable() == 0;
        assertThat(shown.pins()).as(story).isEqualTo(whole.pins());
        shown.complaints()
                .values()
                .forEach(reason -> assertThat(reason).as(story).isNotBlank());
        if (kind.isTold()) {
            assertThat(said).as(story).anyMatch(line -> line.contains("file=" + path));
        }
        if (isAsBefore) {
            return said.stream().anyMatch(line -> line.contains("index=rebuild")) ? "made again" : "as before";
        }
        assertThat(kind.isRepaired())
                .as(story + ": " + shown.complaints() + said)
                .isFalse();
        if (kind == Kind.CLAIM) {
            assertThat(said)
                    .as(story)
                    .anyMatch(line -> line.contains(path.getParent().toString()));
        } else if (kind == Kind.JOURNAL) {
            assertNamed(story, path, damaged, shown, whole);
        }
        return "refused in part";
    }

    /** The tool names file and offset, of the whole group if need be; but what nothing proves durable is an open tail, and only the newest points go. */
    private static void assertNamed(
            final String story,
            final Path path,
            final HeapFiles damaged,
            final ReopenedHistory shown,
            final ReopenedHistory whole) {
        final JournalToolAccess.Result verdict =
                JournalToolAccess.run(damaged, "verify", StoppedHistory.STREAM.toString());
        if (verdict.exitCode() == ExitCode.NO.code()) {
            assertThat(verdict.output())
                    .as(story)
                    .containsPattern(
                            "(segment-\\d+, segment \\d+, offset \\d+)|(" + path.getFileName() + ": its header)");
            return;
        }
        final TreeSet<Long> oldest = new TreeSet<>(whole.offered());
        while (oldest.size() > shown.offered().size()) {
            oldest.pollLast();
        }
        assertThat(shown.offered()).as(story + verdict.output()).isEqualTo(oldest);
    }
}
