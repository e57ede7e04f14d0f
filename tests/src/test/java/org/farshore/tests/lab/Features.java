package org.farshore.tests.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** What a test needs from the machine. What is missing skips the test, with one line that says why. */
public final class Features {
    private Features() {}

    /** Ends the test as skipped after printing {@code SKIPPED name: reason}. */
    public static void skip(final String name, final String reason) {
        System.out.println("SKIPPED " + name + ": " + reason);
        Assumptions.abort(reason);
    }

    /** Root, for loop devices and mounts. */
    public static void requireRoot(final String name) {
        if (!"0".equals(Shell.must("id", "-u"))) {
            skip(name, "needs root (loop devices, mounts)");
        }
        if (!Files.exists(Path.of("/dev/loop-control"))) {
            skip(name, "no /dev/loop-control: no loop devices in this kernel");
        }
    }

    /** Root, kernel type information and a built capture program. */
    public static void requireEbpf(final String name) {
        requireRoot(name);
        if (!Files.exists(Path.of("/sys/kernel/btf/vmlinux"))) {
            skip(name, "no /sys/kernel/btf/vmlinux: this kernel has no BTF");
        }
        if (!Shell.has("clang")) {
            skip(name, "no clang: the capture program cannot be built");
        }
    }

    /** Commands of the machine. */
    public static void requireCommands(final String name, final String... commands) {
        for (final String command : commands) {
            if (!Shell.has(command)) {
                skip(name, "no command " + command + " on this machine");
            }
        }
    }

    /** Network namespaces that have names; {@code ip netns} changes mounts, for which / must be a mount point. */
    public static void requireNetworkNamespaces(final String name) {
        requireCommands(name, "ip", "nsenter", "mountpoint");
        if (Shell.attempt("mountpoint", "-q", "/").exitCode() != 0) {
            skip(name, "/ is no mount point here (a chroot): ip netns cannot work");
        }
    }

    /** A file system that the kernel knows, or can load. */
    public static void requireFilesystem(final String name, final String filesystem) {
        requireCommands(name, "mkfs." + filesystem);
        Shell.attemptScript("modprobe " + filesystem);
        if (Shell.attempt("grep", "-qw", filesystem, "/proc/filesystems").exitCode() != 0) {
            skip(name, "this kernel has no " + filesystem);
        }
    }
}
