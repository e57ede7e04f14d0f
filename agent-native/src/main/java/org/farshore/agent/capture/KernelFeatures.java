package org.farshore.agent.capture;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * What capture inside the kernel needs of a machine, each thing with what was found and what to do. Looks only; changes
 * nothing. The programs' own demands (bpf_loop and the atomics of instruction set v3: Linux 5.17) are judged by version
 * here; a distribution that has brought them into an older kernel is found out by loading.
 */
public final class KernelFeatures {
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_PERFMON = 38;
    private static final int CAP_BPF = 39;
    private static final int OLDEST_MAJOR = 5;
    private static final int OLDEST_MINOR = 14;
    private static final String OBJECT = "/bpf/block_capture.bpf.o";

    /**
     * One thing that is needed.
     *
     * @param name what, in few words.
     * @param present whether it is there.
     * @param found what is there instead, or in detail.
     * @param remedy what to do when it is not.
     */
    public record Feature(String name, boolean present, String found, String remedy) {}

    private KernelFeatures() {}

    /**
     * Looks at everything.
     *
     * @param bpfDirectory where the capture is pinned; may not exist yet, then its parent must let us make it.
     */
    public static List<Feature> probe(final Path bpfDirectory) {
        final List<Feature> features = new ArrayList<>();
        features.add(architecture());
        features.add(kernelVersion());
        features.add(new Feature(
                "kernel types (BTF)",
                Files.isReadable(Path.of("/sys/kernel/btf/vmlinux")),
                "/sys/kernel/btf/vmlinux",
                "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, or capture by scan"));
        features.add(libbpf());
        features.add(new Feature(
                "capture programs",
                KernelFeatures.class.getResource(OBJECT) != null,
                "class path " + OBJECT,
                "install clang, llvm, make and libbpf-dev and build again"));
        features.add(capability("CAP_BPF", CAP_BPF));
        features.add(capability("CAP_PERFMON", CAP_PERFMON));
        features.add(lockdown());
        features.add(bpfDirectory(bpfDirectory));
        return features;
    }

    /**
     * Returns quietly when everything is there.
     *
     * @throws FarshoreException PRIVILEGE, naming everything that is missing and its remedy.
     */
    public static void require(final Path bpfDirectory) {
        final StringBuilder missing = new StringBuilder();
        for (final Feature feature : probe(bpfDirectory)) {
            if (!feature.present()) {
                missing.append(missing.isEmpty() ? "" : "; ")
                        .append(feature.name())
                        .append(" (found: ")
                        .append(feature.found())
                        .append("): ")
                        .append(feature.remedy());
            }
        }
        if (!missing.isEmpty()) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "capture by eBPF is not supported here, needs " + missing);
        }
    }

    /** The compiled programs. */
    static byte[] captureObject() {
        try (java.io.InputStream in = KernelFeatures.class.getResourceAsStream(OBJECT)) {
            if (in == null) {
                throw new FarshoreException(
                        ExitCode.PRIVILEGE, "the capture programs " + OBJECT + " are missing: build where clang is");
            }
            return in.readAllBytes();
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "cannot read " + OBJECT + ": " + e.getMessage(), e);
        }
    }

    private static Feature architecture() {
        final String arch = System.getProperty("os.arch");
        return new Feature(
                "a 64-bit little-endian processor",
                "amd64".equals(arch) || "aarch64".equals(arch),
                arch,
                "capture by scan");
    }

    private static Feature kernelVersion() {
        final String release = System.getProperty("os.version");
        final String[] parts = release.split("[.-]", 3);
        boolean enough = false;
        if (parts.length >= 2 && parts[0].matches("\\d+") && parts[1].matches("\\d+")) {
            final int major = Integer.parseInt(parts[0]);
            final int minor = Integer.parseInt(parts[1]);
            enough = major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR);
        }
        return new Feature(
                "Linux 5.17",
                enough,
                release,
                "boot Linux 5.17 or later (RHEL 9 has it in its 5.14), or capture by scan");
    }

    private static Feature libbpf() {
        try {
            return new Feature(
                    LibBpf.LIBRARY,
                    true,
                    NativeLibrary.getInstance(LibBpf.LIBRARY).getName(),
                    "");
        } catch (final UnsatisfiedLinkError e) {
            return new Feature(LibBpf.LIBRARY, false, "not found", "install the package libbpf1");
        }
    }

    private static Feature capability(final String name, final int bit) {
        final long effective = effectiveCapabilities();
        return new Feature(
                name,
                (effective >>> bit & 1) != 0 || (effective >>> CAP_SYS_ADMIN & 1) != 0,
                "effective capabilities " + Long.toHexString(effective),
                "start the agent with AmbientCapabilities=CAP_BPF CAP_PERFMON (systemd), with setpriv "
                        + "--inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon, or as root");
    }

    private static long effectiveCapabilities() {
        try {
            for (final String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("CapEff:")) {
                    return Long.parseUnsignedLong(
                            line.substring("CapEff:".length()).strip(), 16);
                }
            }
        } catch (final IOException e) {
            // No /proc: nothing is known, and nothing will work.
            return 0;
        }
        return 0;
    }

    private static Feature lockdown() {
        String found = "none";
        try {
            final Path file = Path.of("/sys/kernel/security/lockdown");
            if (Files.exists(file)) {
                found = Files.readString(file).strip();
            }
        } catch (final IOException e) {
            found = "cannot be read";
        }
        return new Feature(
                "a kernel without lockdown=confidentiality",
                !found.contains("[confidentiality]"),
                found,
                "boot with lockdown=integrity or none: confidentiality forbids programs to read what is written");
    }

    private static Feature bpfDirectory(final Path directory) {
        Path place = directory.toAbsolutePath();
        while (place != null && !Files.exists(place)) {
            place = place.getParent();
        }
        String type = "nothing";
        try {
            if (place != null) {
                type = Files.getFileStore(place).type();
            }
        } catch (final IOException e) {
            type = e.getMessage();
        }
        final boolean mounted = "bpf".equals(type);
        final boolean writable = mounted && Files.isWritable(place);
        final String parent = String.valueOf(directory.toAbsolutePath().getParent());
        return new Feature(
                "a directory to pin the capture in",
                writable,
                place + " is on " + type + (mounted && !writable ? ", not writable for this user" : ""),
                mounted
                        ? "as root: mkdir -p " + parent + " && chown <agent's user> " + parent
                        : "as root: mount -t bpf bpf /sys/fs/bpf && mkdir -p " + parent + " && chown <agent's user> "
                                + parent);
    }
}
