package org.farshore.control.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A machine on which everything is well until a test says otherwise. */
final class FakeMachine implements Machine {
    final Map<String, String> files = new HashMap<>();
    final Set<String> missing = new HashSet<>();
    final Set<String> unwritable = new HashSet<>();
    final Set<String> missingCommands = new HashSet<>();
    final Map<String, String> loadComplaints = new HashMap<>();
    final Map<String, String> environment = new HashMap<>();
    final Set<Integer> takenPorts = new HashSet<>();
    int javaVersion = 17;
    boolean opened = true;
    int granted = 4 << 20;
    long usable = 1L << 40;
    long syncMicros = 500;

    FakeMachine() {
        files.put("/proc/cpuinfo", "flags\t: fpu aes avx\n");
        files.put("/proc/mounts", "tmpfs /tmp tmpfs rw,relatime 0 0\nbpf /sys/fs/bpf bpf rw,nosuid 0 0\n");
        files.put("/proc/self/limits", "Max open files            1048576              1048576              files\n");
        files.put("/proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n");
        files.put("/proc/sys/kernel/osrelease", "6.1.0-28-amd64\n");
        files.put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    }

    @Override
    public Optional<String> read(final Path file) {
        return Optional.ofNullable(files.get(file.toString()));
    }

    @Override
    public boolean exists(final Path file) {
        return !missing.contains(file.toString());
    }

    @Override
    public boolean writable(final Path directory) {
        return !unwritable.contains(directory.toString());
    }

    @Override
    public long usableBytes(final Path path) {
        return usable;
    }

    @Override
    public Optional<Path> command(final String name) {
        return missingCommands.contains(name) ? Optional.empty() : Optional.of(Path.of("/usr/bin", name));
    }

    @Override
    public Outcome run(final List<String> command) {
        return new Outcome(-1, "");
    }

    @Override
    public String load(final String library) {
        return loadComplaints.getOrDefault(library, "");
    }

    @Override
    public int javaVersion() {
        return javaVersion;
    }

    @Override
    public boolean opened(final String javaPackage) {
        return opened;
    }

    @Override
    public int grantedReceiveBuffer() {
        return granted;
    }

    @Override
    public boolean udpPortFree(final int port) {
        return !takenPorts.contains(port);
    }

    @Override
    public long syncMicros(final Path directory) {
        return syncMicros;
    }

    @Override
    public Optional<String> environment(final String name) {
        return Optional.ofNullable(environment.get(name));
    }

    @Override
    public Optional<String> property(final String name) {
        return Optional.empty();
    }
}
