package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.mastertarget.TargetHarness.filled;

import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.Test;

/** The same answers, and some more, from a master target whose replicas stay behind. */
class TargetComparePastTest extends TargetCompareTest {
    TargetComparePastTest() {
        target.retentionWindowNs = 3_600_000_000_000L;
    }

    @Test
    void shouldHashWhatIsNotInTheReplicaYet() {
        final TestSender sender = target.start().welcomed(CAPTURE);
        writer.begin(1, 1, 1, 0);
        send(sender, writer.volumeAdded(3, 7, SIZE, "data"));
        write(sender, 4096, 512, 1);
        target.untilApplied(sender, writer.endSequence());
        send(sender, writer.volumeState(3, WriteOrder.ORDERED, StateReason.CONVERGED));
        send(sender, writer.barrier(3));
        write(sender, 0, 8192, 5);
        write(sender, 3 * PIECE, 512, 6);
        send(sender, writer.batch(Extent.chunk(3, 4 * PIECE, filled(4096, 7))));
        source[2 * PIECE] = 1;
        send(sender, hashes(0, 10));
        target.until(sender, () -> sender.differs.size() == 1);
        assertThat(sender.differs.get(0)).containsExactly(1 << 2 | 1 << 4, 0);
        assertThat(target.replica("data")[0]).as("the replica stays behind").isZero();
        assertThat(target.replica("data")[4096]).isEqualTo((byte) 1);
        assertThat(target.replica("data")[4 * PIECE]).isZero();
    }
}
