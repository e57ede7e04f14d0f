package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.RoleProcess;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/** Who the agent is, and what it still knows, when it comes back. */
@PrivilegedSystemTest
class AgentRestartSystemTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long LENGTH = 64 << 20;

    @Test
    void restartWithAVolumeAddedCopiesThatVolumeAlone() {
        Features.requireEbpf("AgentRestartSystemTest.volumeAdded");
        try (FarshoreLab lab = FarshoreLab.create("added").withBpfFilesystem()) {
            // So much larger that no second sending of the small one can look like a copy of the large one.
            final LoopDevice first = lab.memoryLoop("first", 8 * LENGTH);
            final LoopDevice second = lab.memoryLoop("second", LENGTH);
            write(first, 16);
            lab.protect("first", first.path()).startAll().awaitCaughtUp(LIMIT);
            lab.stop(Role.AGENT);
            write(first, 8);
            write(second, 8);
            lab.protect("second", second.path()).start(Role.AGENT);
            lab.assertEqualWhenCaughtUp("adding a volume", LIMIT);
            final long copied = lab.now(Role.AGENT, ReplicationCounter.INITIAL_COPY_BYTES);
            System.out.println("volume added: initialCopyBytes=" + copied + " of the second agent's life, resyncBytes="
                    + lab.now(Role.AGENT, ReplicationCounter.RESYNC_BYTES));
            assertThat(copied).isGreaterThanOrEqualTo(LENGTH).isLessThan(8 * LENGTH);
        }
    }

    @Test
    void secondAgentWithTheSameIdentityIsRefused() {
        Features.requireEbpf("AgentRestartSystemTest.sameIdentity");
        try (FarshoreLab lab = FarshoreLab.create("clone").withBpfFilesystem();
                FarshoreLab clone = FarshoreLab.create("clone2").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", LENGTH);
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            // The copy of a machine: the agent's state directory, but another kernel; here: another place for its pins.
            Shell.must(
                    "cp",
                    "-a",
                    lab.directory().resolve("agent").toString(),
                    clone.directory().resolve("agent").toString());
            final LoopDevice copy = clone.memoryLoop("disk", LENGTH);
            clone.protect("disk", copy.path()).copySetting(lab, Role.AGENT, "process-server");
            final RoleProcess second = clone.launch(Role.AGENT);
            assertThat(second.awaitExit(LIMIT)).isEqualTo(ExitCode.UNAVAILABLE.code());
            System.out.println("second agent with the same identity: exit 75\n" + second.tail());
            write(disk, 8);
            lab.assertEqualWhenCaughtUp("a second agent with the same identity", LIMIT);
            assertThat(lab.total(Role.MASTER_TARGET, ReplicationCounter.RECEIVE_REJECTED))
                    .isPositive();
        }
    }

    @Test
    void detachTakesEverythingOutOfTheKernel() {
        Features.requireEbpf("AgentRestartSystemTest.detach");
        try (FarshoreLab lab = FarshoreLab.create("detach").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", LENGTH);
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            lab.stop(Role.AGENT);
            assertThat(lab.pins()).isNotEmpty();
            lab.detach().mustSucceed();
            assertThat(lab.pins()).isEmpty();
        }
    }

    private static void write(final LoopDevice device, final int megabytes) {
        Shell.must(
                "dd",
                "if=/dev/urandom",
                "of=" + device.path(),
                "bs=1M",
                "count=" + megabytes,
                "oflag=direct",
                "status=none");
    }
}
