package org.farshore.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/**
 * A replica volume that must not be overwritten. The target says which and why, the source waits with the same words and goes
 * on by itself once it is mended; the volume is not touched.
 */
@PrivilegedSystemTest
class RefusedReplicaSystemTest {
    private static final String NAME = "RefusedReplicaSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void replicaSmallerThanItsSourceIsRefusedOnBothSides() {
        Features.requireEbpf(NAME);
        try (FarshoreLab lab = FarshoreLab.create("small").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 16 << 20);
            final LoopDevice replica = lab.memoryLoop("replica", 8 << 20);
            lab.protect("data", disk.path())
                    .set(Role.MASTER_TARGET, "replica.data", replica.path().toString())
                    .startAll();
            awaitRefusals(lab, lab);
            final String why = "replica " + replica.path() + " has 8388608 bytes, volume data has 16777216";
            assertThat(refusals(lab, Role.MASTER_TARGET, "rejected=REPLICA_REFUSED")
                            .get(0))
                    .contains(why)
                    .contains("grow the device");
            assertThat(refusals(lab, Role.AGENT, "state=refused"))
                    .singleElement()
                    .satisfies(
                            line -> assertThat(line).contains("REPLICA_REFUSED").contains(why));
            assertThat(Shell.must("cmp", "-n", "8388608", replica.path().toString(), "/dev/zero"))
                    .isEmpty();
            replica.grow(16 << 20);
            lab.awaitOrdered(LIMIT);
            System.out.println("replica grown: the agent went on by itself");
        }
    }

    @Test
    void replicaOfAnotherMachineIsRefused() {
        Features.requireEbpf(NAME);
        try (FarshoreLab lab = FarshoreLab.create("owner").withBpfFilesystem();
                FarshoreLab other = FarshoreLab.create("other").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 8 << 20);
            final LoopDevice replica = lab.memoryLoop("replica", 8 << 20);
            Shell.must("dd", "if=/dev/urandom", "of=" + disk.path(), "bs=1M", "count=8", "oflag=direct", "status=none");
            lab.protect("data", disk.path())
                    .set(Role.MASTER_TARGET, "replica.data", replica.path().toString())
                    .startAll()
                    .awaitOrdered(LIMIT);
            lab.awaitCaughtUp(LIMIT);
            final LoopDevice foreign = other.memoryLoop("disk", 8 << 20);
            other.protect("data", foreign.path())
                    .copySetting(lab, Role.AGENT, "process-server")
                    .start(Role.AGENT);
            awaitRefusals(lab, other);
            assertThat(refusals(other, Role.AGENT, "state=refused").get(0))
                    .contains("replica " + replica.path() + " is claimed by volume data of machine ");
            assertThat(refusals(lab, Role.MASTER_TARGET, "rejected=REPLICA_REFUSED")
                            .get(0))
                    .contains("is claimed by volume data of machine ");
            Shell.must("cmp", disk.path().toString(), replica.path().toString());
            assertThat(lab.process(Role.AGENT).alive()).isTrue();
        }
    }

    /** Until the source was refused more than once, so that a line that comes each time shows. */
    private static void awaitRefusals(final FarshoreLab target, final FarshoreLab source) {
        Await.until(
                "a replica is refused again",
                LIMIT,
                () -> target.now(Role.MASTER_TARGET, ReplicationCounter.RECEIVE_REJECTED) > 2
                        && !refusals(source, Role.AGENT, "state=refused").isEmpty(),
                target::state);
    }

    private static List<String> refusals(final FarshoreLab lab, final Role role, final String mark) {
        try {
            final String log = Files.readString(lab.directory().resolve(role.verb() + ".log"), StandardCharsets.UTF_8);
            assertThat(log).as("no stack trace").doesNotContain("\tat ");
            return log.lines().filter(line -> line.contains(mark)).toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
