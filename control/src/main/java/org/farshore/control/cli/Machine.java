package org.farshore.control.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What {@link Doctor} asks of a machine; a test puts another one in its place. */
interface Machine {
    /** What a command ended with. */
    record Outcome(int exitCode, String output) {}

    /** Content of a small file, such as one below /proc; empty when it cannot be read. */
    Optional<String> read(Path file);

    boolean exists(Path file);

    /** True when the running user may make files in this directory. */
    boolean writable(Path directory);

    /** Bytes a user may still write below {@code path}, which exists. */
    long usableBytes(Path path) throws IOException;

    /** Finds a command in PATH and in the system's own folders. */
    Optional<Path> command(String name);

    /** Runs a short command; an exit code of -1 means that it could not be started or did not end. */
    Outcome run(List<String> command);

    /** Loads a shared library into this process; returns the complaint of the linker, or an empty text. */
    String load(String library);

    /** Feature version of the running JVM. */
    int javaVersion();

    /** True when the JVM lets Farshore look into this package of java.base. */
    boolean opened(String javaPackage);

    /** Bytes of socket buffer that the kernel grants to a receiver. */
    int grantedReceiveBuffer();

    /** True when nothing listens on this UDP port of the loopback address. */
    boolean udpPortFree(int port);

    /** Median microseconds of twenty small writes, each synced, in this directory. */
    long syncMicros(Path directory) throws IOException;

    Optional<String> environment(String name);

    /** A system property of this process, such as {@code java.io.tmpdir}. */
    Optional<String> property(String name);
}
