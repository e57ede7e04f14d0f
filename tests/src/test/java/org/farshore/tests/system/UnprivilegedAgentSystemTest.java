package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.RoleProcessStat;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/** The agent as an ordinary user with two capabilities; what it costs in memory, and in processor time when idle. */
@PrivilegedSystemTest
class UnprivilegedAgentSystemTest {
    private static final String NAME = "UnprivilegedAgentSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int IDLE_SECONDS = Integer.getInteger("farshore.test.idle.seconds", 6);
    private static final int USER = 65534;
    private static final long MEMORY_LIMIT = 256 << 20;
    /** A thread that never rests takes 100; how little one that rests takes is printed, and depends on the machine's day. */
    private static final double RESTLESS_PERCENT = 50;

    @Test
    void agentWithTwoCapabilitiesFollowsADiskInLittleMemory() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "setpriv", "fio");
        if (Shell.attempt(
                                "setpriv",
                                "--reuid=" + USER,
                                "test",
                                "-x",
                                FarshoreLab.launcher().toString())
                        .exitCode()
                != 0) {
            Features.skip(NAME, "an ordinary user cannot read " + FarshoreLab.root());
        }
        try (FarshoreLab lab = FarshoreLab.create("plainuser").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 192 << 20);
            lab.protect("disk", disk.path())
                    .set(Role.AGENT, "ring.length", "128m")
                    .prefix(
                            Role.AGENT,
                            "setpriv",
                            "--reuid=" + USER,
                            "--regid=" + USER,
                            "--clear-groups",
                            "--no-new-privs",
                            "--inh-caps=-all,+bpf,+perfmon",
                            "--ambient-caps=-all,+bpf,+perfmon",
                            "--bounding-set=-all,+bpf,+perfmon");
            Shell.script("chown " + USER + " " + disk.path() + "; mkdir " + lab.directory() + "/agent; chown " + USER
                    + " " + lab.directory() + "/agent; chmod 755 " + lab.directory());
            lab.startAll().awaitOrdered(LIMIT);
            final long pid = lab.process(Role.AGENT).rolePid();
            Fio.start(
                            lab,
                            disk.path(),
                            Duration.ofSeconds(4),
                            "--rw=randwrite",
                            "--bs=64k",
                            "--iodepth=4",
                            "--size=192m")
                    .await(LIMIT);
            lab.assertEqualWhenCaughtUp("an agent without root", LIMIT);
            final long pss = RoleProcessStat.pssBytes(pid);
            final double idlePercent = idlePercent(pid);
            System.out.printf(
                    Locale.ROOT,
                    "agent: %s; Pss %.1f MiB with a ring of 128 MiB that was full once (captured %d bytes); idle %.2f %% of"
                            + " a core; up after %d ms%n",
                    RoleProcessStat.credentials(pid),
                    pss / 1048576.0,
                    lab.now(Role.AGENT, ReplicationCounter.CAPTURED_BYTES),
                    idlePercent,
                    lab.process(Role.AGENT).upAfterMs());
            for (final Role role : new Role[] {Role.PROCESS_SERVER, Role.MASTER_TARGET}) {
                System.out.printf(
                        Locale.ROOT,
                        "%s: Pss %.1f MiB, up after %d ms%n",
                        role.verb(),
                        RoleProcessStat.pssBytes(lab.process(role).rolePid()) / 1048576.0,
                        lab.process(role).upAfterMs());
            }
            assertThat(pss).isLessThanOrEqualTo(MEMORY_LIMIT);
            assertThat(idlePercent).isLessThan(RESTLESS_PERCENT);
        }
    }

    private static double idlePercent(final long pid) {
        // Parks grow for a second after the last work.
        Await.during(Duration.ofSeconds(2), () -> {});
        final long startNs = System.nanoTime();
        final long startTicks = RoleProcessStat.cpuTicks(pid);
        Await.during(Duration.ofSeconds(IDLE_SECONDS), () -> {});
        final long ticks = RoleProcessStat.cpuTicks(pid) - startTicks;
        return ticks * 1e9 / (System.nanoTime() - startNs);
    }
}
