package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.DirectDisk;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/** The source stopped uncleanly: the ring and its bits are gone, and only comparing with the replica can tell the rest. */
@PrivilegedSystemTest
class CompareSystemTest {
    private static final String NAME = "CompareSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final long LENGTH = Long.getLong("farshore.test.compare.mib", 512) << 20;
    private static final int CHANGED_BLOCKS = 64;
    /** A connection that breaks makes the agent compare anew and send what was not durable again: so many times at most. */
    private static final long ATTEMPTS_MAX = 8;

    private static final long PIECE_LENGTH = 64 << 10;

    @Test
    void compareAfterAnUncleanStopSendsOnlyWhatDiffers() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "openssl");
        try (FarshoreLab lab = FarshoreLab.create("compare").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", LENGTH);
            Shell.script("set +o pipefail; openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c "
                    + LENGTH + " | dd of=" + disk.path() + " bs=1M oflag=direct iflag=fullblock status=none");
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            lab.assertEqualWhenCaughtUp("the initial copy", LIMIT);
            lab.kill(Role.AGENT);
            lab.forgetKernelSide();
            changeUnseen(disk);
            final double bareRate = DirectDisk.readRate(disk.path());
            lab.startAgentUntilWelcome(LIMIT);
            final double agentRate = rateOfComparing(lab);
            lab.assertEqualWhenCaughtUp("an unclean stop", LIMIT);
            final long resync = lab.now(Role.AGENT, ReplicationCounter.RESYNC_BYTES);
            final double replicaRate = DirectDisk.readRate(lab.replica("disk"));
            System.out.printf(
                    Locale.ROOT,
                    "compare: %d bytes changed unseen, resyncBytes=%d initialCopyBytes=%d%n"
                            + "compare: each end read and hashed %.2f GB/s, both on this machine; bare O_DIRECT read of the"
                            + " source %.2f GB/s (ratio %.2f), of the replica %.2f GB/s (ratio %.2f)%n",
                    CHANGED_BLOCKS * 4096L,
                    resync,
                    lab.now(Role.AGENT, ReplicationCounter.INITIAL_COPY_BYTES),
                    agentRate / 1e9,
                    bareRate / 1e9,
                    agentRate / bareRate,
                    replicaRate / 1e9,
                    agentRate / replicaRate);
            assertThat(resync).isPositive().isLessThanOrEqualTo(ATTEMPTS_MAX * CHANGED_BLOCKS * PIECE_LENGTH);
            assertThat(lab.now(Role.AGENT, ReplicationCounter.INITIAL_COPY_BYTES))
                    .isZero();
        }
    }

    /** Changes blocks spread over the disk while nobody follows it. */
    private static void changeUnseen(final LoopDevice disk) {
        final long stride = LENGTH / 4096 / CHANGED_BLOCKS;
        Shell.script("for i in $(seq 0 " + (CHANGED_BLOCKS - 1) + "); do dd if=/dev/urandom of=" + disk.path()
                + " bs=4096 count=1 seek=$((i * " + stride + ")) oflag=direct conv=notrunc status=none; done");
    }

    /** Bytes per second from the first piece compared to the last. */
    private static double rateOfComparing(final FarshoreLab lab) {
        Await.until(
                "the compare has begun",
                LIMIT,
                () -> lab.now(Role.AGENT, ReplicationCounter.COMPARED_BYTES) > 0,
                lab::state);
        final long startNs = System.nanoTime();
        final long startBytes = lab.now(Role.AGENT, ReplicationCounter.COMPARED_BYTES);
        Await.until(
                "the whole disk is compared",
                LIMIT,
                () -> lab.now(Role.AGENT, ReplicationCounter.COMPARED_BYTES) >= LENGTH,
                lab::state);
        return (LENGTH - startBytes) * 1e9 / (System.nanoTime() - startNs);
    }
}
