package org.farshore.dataplane.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.farshore.dataplane.index.IndexRig.Source;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Readers on threads of their own ask while the one writer appends, seals, evicts, sweeps and drops files under them. The
 * answers were written down by the list before.
 */
class IndexReadersTest {
    private static final int ROUNDS = 400;
    private static final int READERS = 3;

    private record Question(
            int volume, long offset, int length, long moment, long horizonSegment, List<Source> answer) {}

    private final Random random = new Random(77);
    private final AtomicReference<List<Question>> questions = new AtomicReference<>(List.of());
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicInteger answered = new AtomicInteger();
    private volatile boolean stop;

    @Test
    void readersAreRightWhileTheWriterGoesOn(@TempDir final Path directory) throws InterruptedException {
        final IndexRig rig = new IndexRig(77, directory);
        rig.pagesPerFile = 2;
        rig.residentFiles = 2;
        rig.open().connect();
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            final Thread thread = new Thread(() -> read(rig.index), "reader-" + i);
            thread.start();
            threads.add(thread);
        }
        for (int round = 0; round < ROUNDS && failure.get() == null; round++) {
            write(rig, round);
        }
        stop = true;
        for (final Thread thread : threads) {
            thread.join();
        }
        rig.close();
        System.out.printf("%,d answers beside %d rounds of the writer%n", answered.get(), ROUNDS);
        assertThat(failure.get()).isNull();
        assertThat(answered.get()).isPositive();
    }

    private void write(final IndexRig rig, final int round) {
        final List<Extent> extents = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            final long offset = 512L * random.nextInt(2048);
            extents.add(
                    i % 6 == 0
                            ? IndexRig.write(1, offset, 512 * (1 + random.nextInt(16)))
                            : IndexRig.zero(1, offset, 512L * (1 + random.nextInt(32))));
        }
        rig.send(extents);
        final long cut = rig.barrierAndFollow();
        final List<Question> next = new ArrayList<>(questions.get());
        next.removeIf(question -> next.size() > 30);
        for (int i = 0; i < 4; i++) {
            final long offset = 512L * random.nextInt(2048);
            final int length = 512 * (1 + random.nextInt(100));
            next.add(new Question(
                    1,
                    offset,
                    length,
                    rig.reader.momentBefore(cut),
                    rig.horizonSegment,
                    rig.expected(1, offset, length, cut, 0)));
        }
        questions.set(List.copyOf(next));
        if (round % 5 == 4) {
            rig.checkpoint();
        }
        final long segment = cut / IndexRig.SEGMENT_LENGTH;
        if (round % 20 == 19 && segment > rig.horizonSegment) {
            rig.raiseHorizon(segment);
            rig.events.removeIf(event -> event.position() / IndexRig.SEGMENT_LENGTH < segment);
        }
    }

    private void read(final VersionIndex index) {
        final Random choice = new Random(Thread.currentThread().getName().hashCode());
        try (VersionReader reader = index.newReader()) {
            while (!stop) {
                final List<Question> now = questions.get();
                if (!now.isEmpty()) {
                    ask(index, reader, now.get(choice.nextInt(now.size())));
                }
            }
        } catch (final Throwable e) {
            failure.compareAndSet(null, e);
        }
    }

    private void ask(final VersionIndex index, final VersionReader reader, final Question question) {
        final IndexRig.Pieces pieces = new IndexRig.Pieces(question.offset);
        try {
            reader.read(question.volume, question.offset, question.length, question.moment, pieces);
        } catch (final MomentException e) {
            assertThat(index.horizonSegment()).isGreaterThan(question.horizonSegment);
            return;
        }
        final boolean retired = index.horizonSegment() > question.horizonSegment;
        for (int i = 0; i < question.answer.size(); i++) {
            final Source source = pieces.sources.get(i);
            if (!retired || !source.equals(Source.BASE)) {
                assertThat(source).isEqualTo(question.answer.get(i));
            }
        }
        answered.incrementAndGet();
    }
}
