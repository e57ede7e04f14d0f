package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** All roles on a newer Java than the tests' own, where the test command found one: the same classes, the same flags. */
@PrivilegedSystemTest
@Tag("jdk25")
class NewerJavaSystemTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void rolesFollowADiskThroughAKillOfEachRole() {
        Features.requireEbpf("NewerJavaSystemTest");
        final String java = System.getenv("FARSHORE_JAVA");
        if (java == null) {
            Features.skip("NewerJavaSystemTest", "FARSHORE_JAVA names no JVM for the roles");
        }
        try (FarshoreLab lab = FarshoreLab.create("newjava").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 96 << 20);
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            final String running =
                    Shell.must("readlink", "/proc/" + lab.process(Role.AGENT).rolePid() + "/exe");
            assertThat(running).isEqualTo(Shell.must("readlink", "-f", java));
            Shell.must("mkfs.ext4", "-q", "-F", disk.path().toString());
            lab.mounted(disk.path(), point -> {
                for (final Role role : Role.values()) {
                    Shell.script("cp -a /usr/share/zoneinfo " + point + "/" + role.verb() + "; sync");
                    lab.kill(role);
                    lab.start(role);
                }
            });
            lab.assertEqualWhenCaughtUp("a kill of each role on " + running, LIMIT);
        }
    }
}
