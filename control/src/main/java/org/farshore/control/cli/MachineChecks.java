package org.farshore.control.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.farshore.dataplane.runtime.HumanText;
import org.farshore.dataplane.runtime.SocketLimits;

/** Checks that concern every role: Java, memory, temporary folder, sockets. */
final class MachineChecks {
    private static final int JAVA_LEAST = 17;
    private static final List<String> OPENED = List.of("jdk.internal.misc", "java.util.zip", "sun.nio.ch");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    /** Term buffers, counters and error log of the three roles on one machine, with room to spare. */
    private static final long SHARED_MEMORY_LEAST = 256L << 20;

    private static final long OPEN_FILES_LEAST = 1024;

    private final Machine machine;

    MachineChecks(final Machine machine) {
        this.machine = machine;
    }

    Check java() {
        final int version = machine.javaVersion();
        return version >= JAVA_LEAST
                ? Check.ok("java", "version " + version)
                : Check.fail(
                        "java",
                        "version " + version,
                        "Farshore is compiled for Java " + JAVA_LEAST,
                        "sudo apt-get install openjdk-17-jre-headless");
    }

    Check jvmFlags() {
        for (final String javaPackage : OPENED) {
            if (!machine.opened(javaPackage)) {
                return Check.fail(
                        "jvm-flags",
                        "java.base/" + javaPackage + " is not opened",
                        "buffers, checksums and sockets are used past their public methods, for speed",
                        "start roles through ./farshore, or add --add-opens=java.base/" + javaPackage + "=ALL-UNNAMED");
            }
        }
        return Check.ok("jvm-flags", "all packages opened");
    }

    Check aes() {
        final Optional<String> cpu = machine.read(Path.of("/proc/cpuinfo"));
        if (cpu.isEmpty()) {
            return Check.skip("aes", "/proc/cpuinfo cannot be read", "");
        }
        final boolean found = cpu.get()
                .lines()
                .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                .anyMatch(line -> (line + " ").contains(" aes "));
        return found
                ? Check.ok("aes", "in the processor")
                : Check.warn(
                        "aes",
                        "the processor has no AES instructions",
                        "comparing after an unclean stop hashes with AES; it is some twenty times slower without",
                        "none; for a virtual machine, pass the host's processor through");
    }

    Check sharedMemory() throws IOException {
        if (!machine.exists(SHARED_MEMORY)) {
            return Check.fail(
                    "shared-memory",
                    "there is no /dev/shm",
                    "network buffers and counters of every role lie there",
                    "sudo mkdir -p /dev/shm && sudo mount -t tmpfs -o mode=1777 tmpfs /dev/shm");
        }
        final long free = machine.usableBytes(SHARED_MEMORY);
        if (!machine.writable(SHARED_MEMORY) || free < SHARED_MEMORY_LEAST) {
            return Check.fail(
                    "shared-memory",
                    HumanText.bytes(free) + " free in /dev/shm, " + HumanText.bytes(SHARED_MEMORY_LEAST) + " needed",
                    "network buffers and counters of every role lie there",
                    "sudo mount -o remount,size=1g,mode=1777 /dev/shm");
        }
        return Check.ok("shared-memory", HumanText.bytes(free) + " free in /dev/shm");
    }

    Check temporaryFolder() {
        final String folder = machine.property("java.io.tmpdir").orElse("/tmp");
        if (!machine.writable(Path.of(folder))) {
            return Check.fail(
                    "temporary-folder",
                    folder + " cannot be written",
                    "native libraries are unpacked there",
                    "export TMPDIR=/var/tmp");
        }
        if (mountOptions(folder).contains("noexec")) {
            return Check.fail(
                    "temporary-folder",
                    folder + " is mounted noexec",
                    "native libraries are unpacked there and must be mapped executable",
                    "sudo mount -o remount,exec " + mountPoint(folder) + "   (or export JAVA_TOOL_OPTIONS="
                            + "-Djna.tmpdir=/var/lib/farshore/tmp)");
        }
        return Check.ok("temporary-folder", folder);
    }

    Check openFiles() {
        final long limit = machine.read(Path.of("/proc/self/limits"))
                .flatMap(text -> text.lines()
                        .filter(line -> line.startsWith("Max open files"))
                        .findFirst())
                .map(line -> line.substring("Max open files".length()).trim().split("\\s+")[0])
                .map(text -> text.matches("[0-9]{1,18}") ? Long.parseLong(text) : Long.MAX_VALUE)
                .orElse(Long.MAX_VALUE);
        return limit >= OPEN_FILES_LEAST
                ? Check.ok("open-files", limit == Long.MAX_VALUE ? "no limit" : "limit " + limit)
                : Check.warn(
                        "open-files",
                        "limit " + limit,
                        "each volume, segment and connection holds one or two",
                        "ulimit -n 65536");
    }

    Check socketBuffers() {
        final int granted = machine.grantedReceiveBuffer();
        final int wanted = SocketLimits.BUFFER_LENGTH_WANTED;
        final SocketLimits limits = new SocketLimits(granted, granted);
        if (!limits.isTight()) {
            return Check.ok("socket-buffers", HumanText.bytes(granted) + " granted to a receiver");
        }
        return Check.warn(
                "socket-buffers",
                HumanText.bytes(granted) + " granted to a receiver, so the window is "
                        + HumanText.bytes(limits.windowLength()),
                "a stream sends at most one window per round trip; a larger window would overrun the socket",
                "sudo sysctl -w net.core.rmem_max=" + wanted + " net.core.wmem_max=" + wanted);
    }

    Check ports(final int... ports) {
        final StringBuilder taken = new StringBuilder();
        for (final int port : ports) {
            if (!machine.udpPortFree(port)) {
                taken.append(taken.length() == 0 ? "" : ", ").append(port);
            }
        }
        if (taken.length() == 0) {
            return Check.ok("ports", "the default UDP ports are free");
        }
        return Check.warn(
                "ports",
                "UDP " + taken + " taken",
                "the role listens there by default; fine if it is the one that runs already",
                "ss -ulpn   (tells who; a role takes another port by its setting listen=ADDRESS:PORT)");
    }

    private String mountPoint(final String folder) {
        return mount(folder)[1];
    }

    private List<String> mountOptions(final String folder) {
        return List.of(mount(folder)[3].split(","));
    }

    /** The line of /proc/mounts that holds {@code folder}: the longest mount point that is a parent of it, last wins. */
    private String[] mount(final String folder) {
        String[] best = {"", "/", "", ""};
        final Path path = Path.of(folder).toAbsolutePath();
        for (final String line :
                machine.read(Path.of("/proc/mounts")).orElse("").split("\n")) {
            final String[] fields = line.split(" ");
            if (fields.length >= 4 && path.startsWith(fields[1]) && fields[1].length() >= best[1].length()) {
                best = fields;
            }
        }
        return best;
    }
}
