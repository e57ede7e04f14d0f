package org.farshore.agent.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.agent.capture.ModelCapture;
import org.farshore.agent.stream.CompareRun.Answer;
import org.farshore.dataplane.runtime.Entropy;
import org.junit.jupiter.api.Test;

class CompareRunTest {
    private static final int PIECE = 64 << 10;
    private static final int PIECES = 8;

    @Test
    void answersToARunThatWasGivenUpAreLeftOut() {
        final CompareRun run = new CompareRun(0);
        run.start(PIECES * PIECE);
        ask(run);
        run.start((PIECES + 1) * PIECE);
        ask(run);
        assertThat(run.onAnswer(0, PIECES)).as("of the first run").isEqualTo(Answer.STALE);
        assertThat(run.onAnswer(0, PIECES + 1)).isEqualTo(Answer.LAST);
        assertThat(run.isRunning()).isFalse();
    }

    @Test
    void noAnswerIsWaitedForOverAConnectionThatIsLost() {
        final CompareRun run = new CompareRun(0);
        run.start(PIECES * PIECE);
        ask(run);
        run.disconnected();
        run.start(PIECES * PIECE);
        ask(run);
        assertThat(run.onAnswer(0, PIECES)).isEqualTo(Answer.LAST);
    }

    @Test
    void aRunThatWasStoppedTakesNoAnswer() {
        final CompareRun run = new CompareRun(0);
        run.start(PIECES * PIECE);
        ask(run);
        run.stop();
        assertThat(run.onAnswer(0, PIECES)).isEqualTo(Answer.STALE);
    }

    /** Reads and hashes one group, and puts its hashes into the stream. */
    private static void ask(final CompareRun run) {
        final ReadBack readBack = readBack(run);
        run.beginGroup(readBack, new Ones());
        while (run.wantsRead()) {
            final long offset = run.nextReadOffset();
            final int length = run.nextReadLength(1 << 20);
            run.onIssued(length);
            run.onRead(offset, length, new UnsafeBuffer(new byte[(length >> 16) * 16 + 16]), false);
        }
        assertThat(run.isGroupReady()).isTrue();
        run.onAppended(readBack, 0);
    }

    private static ReadBack readBack(final CompareRun run) {
        final ModelCapture capture = new ModelCapture(1 << 20);
        final int number = capture.add("v", (PIECES + 1) * PIECE).number();
        return new ReadBack(
                number, (PIECES + 1) * PIECE, new InFlight(16), capture.todo(number), capture.sent(number), run.read());
    }

    /** A key of ones; what it is does not matter here. */
    private static final class Ones implements Entropy {
        @Override
        public long nextLong() {
            return -1;
        }

        @Override
        public void nextBytes(final byte[] bytes) {
            Arrays.fill(bytes, (byte) -1);
        }
    }
}
