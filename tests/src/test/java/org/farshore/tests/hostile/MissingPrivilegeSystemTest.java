package org.farshore.tests.hostile;

import java.nio.file.Path;
import java.util.List;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/** Capture by eBPF without what it needs: 77, and the command that mends it. */
@PrivilegedSystemTest
class MissingPrivilegeSystemTest {
    private static final String NAME = "MissingPrivilegeSystemTest";
    private static final String USER = "65534";
    private static final List<String> AS_NOBODY = List.of(
            "setpriv",
            "--reuid=" + USER,
            "--regid=" + USER,
            "--clear-groups",
            "--no-new-privs",
            "--inh-caps=-all",
            "--bounding-set=-all");

    @Test
    void agentWithoutCapabilitiesIsToldHowToGetThem() {
        Features.requireEbpf(NAME);
        requireAnotherUser();
        try (FarshoreLab lab = FarshoreLab.create("nocaps").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 8 << 20);
            final Path data = lab.directory().resolve("data");
            lab.onClose(() -> Shell.must("chown", "root", disk.path().toString()));
            Shell.script("mkdir " + data + "; chown " + USER + " " + data + " " + disk.path() + "; chmod 755 "
                    + lab.directory());
            Refusal.ofRole(AS_NOBODY, lab.directory(), "agent", settings(lab, disk, data))
                    .is(ExitCode.PRIVILEGE, "CAP_BPF", "CAP_PERFMON", "setpriv --inh-caps=+bpf,+perfmon");
        }
    }

    @Test
    void agentThatMayNotReadItsDiskIsToldToJoinTheGroup() {
        Features.requireRoot(NAME);
        requireAnotherUser();
        try (FarshoreLab lab = FarshoreLab.create("noread").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 8 << 20);
            final Path data = lab.directory().resolve("data");
            Shell.script("mkdir " + data + "; chown " + USER + " " + data + "; chmod 755 " + lab.directory()
                    + "; chown root " + disk.path() + "; chmod 600 " + disk.path());
            Refusal.ofRole(AS_NOBODY, lab.directory(), "agent", settings(lab, disk, data))
                    .is(ExitCode.PRIVILEGE, "may not read volume disk at " + disk.path(), "setpriv --regid disk");
        }
    }

    @Test
    void agentOnAKernelWithoutTypesIsToldToBootAnotherOrToScan() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "unshare");
        try (FarshoreLab lab = FarshoreLab.create("nobtf").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 8 << 20);
            final Path empty = lab.directory().resolve("empty");
            Shell.must("mkdir", empty.toString());
            // The kernel's types are hidden from this process alone.
            final List<String> withoutTypes = List.of(
                    "unshare",
                    "--mount",
                    "bash",
                    "-c",
                    "mount --bind " + empty + " /sys/kernel/btf && exec \"$@\"",
                    "bash");
            Refusal.ofRole(
                            withoutTypes,
                            lab.directory(),
                            "agent",
                            settings(lab, disk, lab.directory().resolve("data")))
                    .is(ExitCode.PRIVILEGE, "/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF=y", "capture by scan");
        }
    }

    @Test
    void dataDirectoryOnTheProtectedVolumeIsRefused() {
        Features.requireRoot(NAME);
        try (FarshoreLab lab = FarshoreLab.create("selffeed").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 64 << 20);
            Shell.must("mkfs.ext4", "-q", disk.path().toString());
            lab.mounted(
                    disk.path(),
                    point -> Refusal.ofRole(lab.directory(), "agent", settings(lab, disk, point.resolve("agent")))
                            .is(
                                    ExitCode.CONFIGURATION,
                                    point.resolve("agent") + " lies on the protected volume " + disk.path(),
                                    "put it on another disk"));
        }
    }

    @Test
    void secondAgentOnOneDataDirectoryIsRefused() {
        Features.requireEbpf(NAME);
        try (FarshoreLab lab = FarshoreLab.create("twice").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 8 << 20);
            lab.protect("disk", disk.path()).start(Role.AGENT);
            Refusal.ofRole(
                            lab.directory(),
                            "agent",
                            settings(lab, disk, lab.directory().resolve("agent")))
                    .is(ExitCode.UNAVAILABLE, "another agent has", "stop it first");
        }
    }

    private static void requireAnotherUser() {
        Features.requireCommands(NAME, "setpriv");
        final Shell.Result readable = Shell.attempt(
                "setpriv",
                "--reuid=" + USER,
                "test",
                "-x",
                FarshoreLab.launcher().toString());
        if (readable.exitCode() != 0) {
            Features.skip(NAME, "an ordinary user cannot read " + FarshoreLab.root());
        }
    }

    private static String[] settings(final FarshoreLab lab, final LoopDevice disk, final Path dataDirectory) {
        return new String[] {
            "farshore.agent.instance=refused-" + lab.instance(),
            "farshore.agent.capture=ebpf",
            "farshore.agent.bpf.directory=" + lab.directory().resolve("bpf"),
            "farshore.agent.data.directory=" + dataDirectory,
            "farshore.agent.volume.disk=" + disk.path()
        };
    }
}
