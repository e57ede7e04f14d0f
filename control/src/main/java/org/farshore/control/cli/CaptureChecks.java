package org.farshore.control.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Checks that concern the agent: what the kernel offers and allows for following a disk from inside. */
final class CaptureChecks {
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_PERFMON = 38;
    private static final int CAP_BPF = 39;
    private static final int KERNEL_MAJOR_LEAST = 5;
    private static final int KERNEL_MINOR_LEAST = 15;
    private static final Path BTF = Path.of("/sys/kernel/btf/vmlinux");
    private static final Path LOCKDOWN = Path.of("/sys/kernel/security/lockdown");
    private static final Pattern RELEASE = Pattern.compile("^(\\d+)\\.(\\d+)");
    private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)]");

    private final Machine machine;

    CaptureChecks(final Machine machine) {
        this.machine = machine;
    }

    Check privileges() {
        final long capabilities = effectiveCapabilities();
        final boolean all = has(capabilities, CAP_SYS_ADMIN);
        if (all || (has(capabilities, CAP_BPF) && has(capabilities, CAP_PERFMON))) {
            return Check.ok("privileges", all ? "all of root's" : "CAP_BPF and CAP_PERFMON");
        }
        final String missing = has(capabilities, CAP_BPF)
                ? "CAP_PERFMON"
                : has(capabilities, CAP_PERFMON) ? "CAP_BPF" : "CAP_BPF and CAP_PERFMON";
        return Check.fail(
                "privileges",
                "missing " + missing,
                "the kernel loads capture programs for these only; scan capture works without, but has no write order",
                "sudo ./farshore agent --config FILE   (or AmbientCapabilities=CAP_BPF CAP_PERFMON in its unit)");
    }

    /** True when this process may load capture programs. */
    boolean mayCapture() {
        return privileges().status() == Check.Status.OK && btf().status() == Check.Status.OK;
    }

    private long effectiveCapabilities() {
        return machine.read(Path.of("/proc/self/status"))
                .flatMap(text ->
                        text.lines().filter(line -> line.startsWith("CapEff:")).findFirst())
                .map(line -> Long.parseUnsignedLong(
                        line.substring("CapEff:".length()).trim(), 16))
                .orElse(0L);
    }

    private static boolean has(final long capabilities, final int capability) {
        return (capabilities >>> capability & 1) != 0;
    }

    Check kernel() {
        final String release =
                machine.read(Path.of("/proc/sys/kernel/osrelease")).orElse("").trim();
        final Matcher matcher = RELEASE.matcher(release);
        if (!matcher.find()) {
            return Check.skip("kernel", "the kernel does not tell its release", "");
        }
        final int major = Integer.parseInt(matcher.group(1));
        final int minor = Integer.parseInt(matcher.group(2));
        final boolean enough =
                major > KERNEL_MAJOR_LEAST || (major == KERNEL_MAJOR_LEAST && minor >= KERNEL_MINOR_LEAST);
        return enough
                ? Check.ok("kernel", release)
                : Check.fail(
                        "kernel",
                        release,
                        "capture programs need " + KERNEL_MAJOR_LEAST + "." + KERNEL_MINOR_LEAST + " or newer",
                        "sudo apt-get install linux-image-amd64, then reboot; or capture=scan in the agent's settings");
    }

    Check btf() {
        return machine.exists(BTF)
                ? Check.ok("btf", BTF.toString())
                : Check.fail(
                        "btf",
                        BTF + " is missing",
                        "the kernel's own description of its structures fits one program to every kernel",
                        "boot a kernel built with CONFIG_DEBUG_INFO_BTF (every distribution's); or capture=scan");
    }

    Check lockdown() {
        final Optional<String> text = machine.read(LOCKDOWN);
        if (text.isEmpty()) {
            return Check.ok("lockdown", "not in this kernel, or not shown");
        }
        final Matcher matcher = CHOSEN.matcher(text.get());
        final String mode = matcher.find() ? matcher.group(1) : "none";
        return "confidentiality".equals(mode)
                ? Check.fail(
                        "lockdown",
                        mode,
                        "in this mode the kernel hides the payload of writes from programs",
                        "boot with lockdown=integrity")
                : Check.ok("lockdown", mode);
    }

    Check bpfFileSystem() {
        final boolean mounted = machine.read(Path.of("/proc/mounts"))
                .orElse("")
                .lines()
                .anyMatch(line -> line.matches("\\S+ \\S+ bpf .*"));
        return mounted
                ? Check.ok("bpffs", "mounted")
                : Check.fail(
                        "bpffs",
                        "not mounted",
                        "capture is pinned there, so that an agent that was killed goes on without a gap",
                        "sudo mount -t bpf bpf /sys/fs/bpf");
    }

    Check libBpf() {
        final String complaint = machine.load("libbpf.so.1");
        return complaint.isEmpty()
                ? Check.ok("libbpf", "libbpf.so.1 loads")
                : Check.fail(
                        "libbpf",
                        complaint,
                        "it loads the capture program into the kernel",
                        "sudo apt-get install libbpf1");
    }

    Check libCrypto() {
        final String complaint = machine.load("libcrypto.so.3");
        return complaint.isEmpty()
                ? Check.ok("libcrypto", "libcrypto.so.3 loads")
                : Check.fail(
                        "libcrypto",
                        complaint,
                        "both ends hash with it when they compare after an unclean stop",
                        "sudo apt-get install libssl3");
    }

    /** The capture program is in the package; only a source tree has to compile it. */
    Check captureProgram() {
        final Optional<String> root = machine.environment("FARSHORE_HOME");
        if (root.isEmpty() || !machine.exists(Path.of(root.get(), "agent-native", "src"))) {
            return Check.ok("capture-program", "part of the package");
        }
        final Path built = Path.of(root.get(), "agent-native", "target", "classes", "bpf", "block_capture.bpf.o");
        if (machine.exists(built)) {
            return Check.ok("capture-program", "built");
        }
        final boolean buildable = machine.command("clang").isPresent()
                && machine.command("make").isPresent()
                && machine.exists(Path.of("/usr/include/bpf/bpf_helpers.h"));
        return buildable
                ? Check.warn(
                        "capture-program",
                        "not built yet",
                        "a source tree compiles it with clang; packages bring it",
                        "./farshore setup")
                : Check.fail(
                        "capture-program",
                        "not built, and clang, make or libbpf-dev is missing",
                        "a source tree compiles it with clang; packages bring it",
                        "sudo apt-get install clang llvm make libbpf-dev && ./farshore setup");
    }

    /** The commands that the demo uses. */
    Check demoTools() {
        final List<String> commands = List.of("sqlite3", "mke2fs", "debugfs", "e2fsck", "losetup", "wipefs", "setsid");
        final List<String> missing = commands.stream()
                .filter(name -> machine.command(name).isEmpty())
                .toList();
        return missing.isEmpty()
                ? Check.ok("demo-tools", "all there")
                : Check.warn(
                        "demo-tools",
                        "missing " + String.join(", ", missing),
                        "only farshore demo uses them: it makes a disk and a load, and checks the copy",
                        "sudo apt-get install sqlite3 e2fsprogs mount util-linux");
    }
}
