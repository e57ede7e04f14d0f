package org.farshore.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The machine stops in the middle of every single operation on the disk. */
class JournalCrashTest {
    private static final int RECORDS = 60;

    /** Appends records of mixed length over several segments, with checkpoints; reproducible. */
    private static void script(final JournalRig rig, final long seed, final int records) {
        final Random random = new Random(seed);
        rig.connect();
        for (int i = 0; i < records; i++) {
            rig.appendSurely(random.nextInt(6) == 0 ? 60_000 : random.nextInt(9_000));
            if (random.nextInt(3) == 0) {
                rig.step();
            }
            if (random.nextInt(20) == 0) {
                rig.settle();
                rig.checkpoint();
            }
            if (random.nextInt(15) == 0) {
                rig.settle();
                rig.connect();
            }
        }
        rig.settle();
    }

    private static long operationsOfScript() {
        final JournalRig rig = new JournalRig(new SimulatedDisk(1), 1);
        rig.open();
        script(rig, 1, RECORDS);
        return rig.disk.operations();
    }

    @ParameterizedTest
    @EnumSource(Survival.class)
    void everythingAcknowledgedIsThereWhereverTheMachineStops(final Survival survival) {
        final long operations = operationsOfScript();
        assertThat(operations).isGreaterThan(100);
        for (long at = 1; at <= operations; at++) {
            final JournalRig rig = new JournalRig(new SimulatedDisk(at), at);
            crashAt(rig, at);
            rig.disk.restart(survival);
            recoverAndCheck(rig, "stopped at operation " + at);
        }
    }

    @Test
    void everythingAcknowledgedIsThereAfterManyLivesOnOneDisk() {
        for (long seed = 1; seed <= 60; seed++) {
            final Random random = new Random(seed);
            final JournalRig rig = new JournalRig(new SimulatedDisk(seed), seed);
            for (int life = 0; life < 12; life++) {
                final long before = rig.disk.operations();
                rig.disk.crashAtOperation(before + 1 + random.nextInt(60));
                try {
                    rig.open();
                    script(rig, random.nextLong(), 20);
                    rig.disk.crashAtOperation(Long.MAX_VALUE);
                } catch (final SimulatedCrash crash) {
                    rig.disk.restart(Survival.values()[random.nextInt(3)]);
                }
                recoverAndCheck(rig, "seed " + seed + " life " + life);
            }
        }
    }

    private static void crashAt(final JournalRig rig, final long operation) {
        rig.disk.crashAtOperation(operation);
        try {
            rig.open();
            script(rig, 1, RECORDS);
        } catch (final SimulatedCrash crash) {
            return;
        }
        throw new AssertionError("operation " + operation + " was never reached");
    }

    /** Opens; what is reported must contain all that was acknowledged, in order, and be on the disk, not only in a cache. */
    private static void recoverAndCheck(final JournalRig rig, final String when) {
        final RecoveredJournal first = rig.open();
        assertThat(first.damages()).as(when).isEmpty();
        assertThat(first.endSequence())
                .as(when)
                .isGreaterThanOrEqualTo(rig.acknowledgedSequence)
                .isLessThanOrEqualTo(rig.appendedSequence);
        checkOrder(rig, first, when);

        rig.disk.restart(Survival.NONE);
        final RecoveredJournal second = rig.open();
        assertThat(second.endPosition()).as(when + ", then lost power").isEqualTo(first.endPosition());
        assertThat(second.endSequence()).as(when + ", then lost power").isEqualTo(first.endSequence());
        rig.acknowledgedSequence = second.endSequence();
        rig.appendedSequence = second.endSequence();
    }

    private static void checkOrder(final JournalRig rig, final RecoveredJournal recovered, final String when) {
        long expected = rig.state.appliedSequence() + 1;
        final List<Long> sequences = JournalRig.sequences(rig.replayed);
        for (final long sequence : sequences) {
            assertThat(sequence).as(when).isEqualTo(expected);
            expected++;
        }
        assertThat(expected - 1).as(when).isEqualTo(recovered.endSequence());
        assertThat(rig.read(rig.state.appliedPosition())).as(when).isEqualTo(rig.replayed);
    }
}
