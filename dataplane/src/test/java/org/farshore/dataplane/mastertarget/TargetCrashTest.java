package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.BitSet;
import java.util.Random;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.MessageWriter;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A master target that stops in the middle of any disk operation, or whose disk fails in any, and the sender that goes on
 * where Welcome says: nothing acknowledged is lost, and the replica is what the oracle says, at the newest END after each
 * start and at the end after a power cut that keeps nothing unsynced.
 */
class TargetCrashTest {
    private static final int RECORDS = 60;
    private static final long CAPTURE = 5;
    private static final int STEPS_MAX = 60_000;

    /** What happens to the disk, once it counts up to an operation. */
    private enum Fault {
        NONE,
        CRASH,
        FAILURE
    }

    @Test
    void shouldHoldWithoutAnyFault() {
        final Run run = new Run(1, Fault.NONE, 0, 0);
        run.play();
        assertThat(run.starts).isEqualTo(1);
        assertThat(run.directBytes).as("some chunks go straight").isPositive();
    }

    @Test
    void shouldHoldAfterAStopInTheMiddleOfEveryOperation() {
        final long operations = operationsOf(1);
        for (long operation = 1; operation <= operations; operation++) {
            new Run(1, Fault.CRASH, operation, 0).play();
        }
    }

    @Test
    void shouldHoldAfterAStopDuringTheRecoveryFromAStop() {
        final long operations = operationsOf(2);
        final Random random = new Random(4);
        for (long operation = 1; operation <= operations; operation += 3) {
            new Run(2, Fault.CRASH, operation, 1 + random.nextInt(12)).play();
        }
    }

    @Test
    void shouldHoldOrStopAfterAFailureOfEveryOperation() {
        final long operations = operationsOf(3);
        for (long operation = 1; operation <= operations; operation += 2) {
            new Run(3, Fault.FAILURE, operation, 0).play();
        }
    }

    @Test
    void shouldHoldOnOtherStreams() {
        playSeeds(10, 16);
    }

    @Test
    @Tag("slow")
    void shouldHoldOnVeryManyOtherStreams() {
        playSeeds(100, 400);
    }

    private static void playSeeds(final long from, final long to) {
        for (long seed = from; seed < to; seed++) {
            final long operations = operationsOf(seed);
            final Random random = new Random(seed);
            for (int i = 0; i < 6; i++) {
                new Run(seed, Fault.CRASH, 1 + random.nextInt((int) operations), random.nextInt(40)).play();
            }
        }
    }

    private static long operationsOf(final long seed) {
        final Run run = new Run(seed, Fault.NONE, 0, 0);
        run.play();
        return run.target.disk.operations();
    }

    /** One life of a stream with one or two stops. */
    private static final class Run {
        final long seed;
        final StreamScript script;
        final TargetHarness target;
        final MessageWriter writer = new MessageWriter(TargetHarness.MACHINE_HIGH, TargetHarness.MACHINE_LOW);
        final Random random;
        final Fault fault;
        final long faultAt;
        long secondAfter;
        TestSender sender;
        long acknowledged;
        long sent;
        long next;
        int starts;
        long directBytes;
        boolean begun;
        int helloWait;

        Run(final long seed, final Fault fault, final long faultAt, final long secondAfter) {
            this.seed = seed;
            this.fault = fault;
            this.faultAt = faultAt;
            this.secondAfter = secondAfter;
            script = new StreamScript(seed, RECORDS);
            target = new TargetHarness(seed);
            target.segments = 4;
            random = new Random(seed * 31 + faultAt);
        }

        void play() {
            if (fault == Fault.CRASH) {
                target.disk.crashAtOperation(faultAt);
            } else if (fault == Fault.FAILURE) {
                target.disk.failOperation(faultAt);
            }
            try {
                for (int i = 0; i < STEPS_MAX; i++) {
                    if (sender != null && sender.appliedSequence >= script.length()) {
                        end();
                        return;
                    }
                    turn();
                }
            } catch (final RuntimeException | AssertionError e) {
                throw new AssertionError(this + ": " + e.getMessage(), e);
            }
            fail(this + " comes to no end: acknowledged " + acknowledged + ", sent " + sent + ", rejected "
                    + (sender == null ? "" : sender.rejectText));
        }

        private void turn() {
            try {
                if (starts == 0 || sender == null) {
                    start();
                }
                target.step();
                act();
            } catch (final SimulatedCrash e) {
                target.disk.restart(Survival.RANDOM);
                if (secondAfter > 0) {
                    target.disk.crashAtOperation(target.disk.operations() + secondAfter);
                    secondAfter = 0;
                }
                sender = null;
            } catch (final FarshoreException e) {
                assertThat(e.exitCode()).isEqualTo(ExitCode.STORAGE);
                assertThat(fault).isEqualTo(Fault.FAILURE);
                sender = null;
            }
        }

        private void start() {
            starts++;
            target.start();
            sender = target.connect();
            begun = false;
        }

        private void act() {
            sender.poll();
            if (sender.rejected != null) {
                // What a disk that failed once refused is asked for again.
                if (fault != Fault.FAILURE || !sender.rejectText.contains("simulated failure")) {
                    throw new AssertionError("rejected: " + sender.rejected + " " + sender.rejectText);
                }
                sender = target.connect();
                begun = false;
                return;
            }
            acknowledged = Math.max(acknowledged, sender.durableSequence);
            if (sender.welcome == null) {
                if (helloWait++ % 50 == 0) {
                    sender.hello(CAPTURE);
                }
            } else if (!begun) {
                begun = true;
                onWelcome();
            } else if (next < script.length()) {
                send();
            }
        }

        private void onWelcome() {
            final long end = sender.welcome.nextSequence() - 1;
            assertThat(end).as("nothing acknowledged is lost").isGreaterThanOrEqualTo(acknowledged);
            assertThat(end).isLessThanOrEqualTo(sent);
            if (end > 0 && sender.welcome.capturePosition() >= 0) {
                assertThat(sender.welcome.captureIdHigh()).isEqualTo(CAPTURE);
            }
            if (random.nextBoolean()) {
                for (int i = 0; i < STEPS_MAX && sender.appliedSequence < end; i++) {
                    target.step();
                    sender.poll();
                }
                checkReplicas(end, sent);
            }
            next = end;
            writer.begin(
                    sender.welcome.generation(),
                    sender.welcome.incarnation(),
                    end + 1,
                    Math.max(0, sender.welcome.capturePosition()));
        }

        private void send() {
            if (!sender.isDataConnected() || random.nextInt(4) == 0) {
                return;
            }
            final int most = 1 + random.nextInt(3);
            writer.compress(random.nextBoolean());
            script.writeMessage(writer, (int) next, most);
            final byte[] message = writer.bytes();
            for (int i = 0; !sender.send(message); i++) {
                if (sender.rejected != null) {
                    return;
                }
                assertThat(i).isLessThan(STEPS_MAX);
                target.step();
                sender.poll();
            }
            next = writer.nextSequence() - 1;
            sent = Math.max(sent, next);
        }

        private void end() {
            directBytes = target.counters.get(ReplicationCounter.DIRECT_BYTES, TargetHarness.MACHINE);
            target.disk.restart(Survival.NONE);
            checkReplicas(script.length(), script.length());
        }

        private void checkReplicas(final long end, final long early) {
            for (int volume = 1; volume <= 2; volume++) {
                if (end < volume) {
                    continue;
                }
                final byte[] expected = script.oracle(volume, end);
                final byte[] actual = target.replica(StreamScript.NAMES[volume]);
                final BitSet chunks = script.chunkBlocks(volume, end, early);
                assertThat(actual.length).isGreaterThanOrEqualTo(expected.length);
                for (int i = 0; i < expected.length; i++) {
                    if (expected[i] != actual[i] && !chunks.get(i / 4096)) {
                        fail("volume " + volume + " differs at " + i + " behind sequence " + end);
                    }
                }
            }
        }

        @Override
        public String toString() {
            return "seed " + seed + " " + fault + " at operation " + faultAt + ", second " + secondAfter;
        }
    }
}
