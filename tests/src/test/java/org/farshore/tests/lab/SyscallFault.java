package org.farshore.tests.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Words before a role's launcher that make some of its system calls on some files fail or wait: strace's injection. */
public final class SyscallFault {
    private SyscallFault() {}

    /**
     * The words.
     *
     * @param trace where each call on the files is noted, and which ones were tampered with.
     * @param syscall as {@code fdatasync}.
     * @param injection as {@code error=EIO:when=10+} or {@code delay_enter=200000}; calls are counted thread by thread.
     * @param files that need not be there yet.
     */
    public static String[] on(final Path trace, final String syscall, final String injection, final List<Path> files) {
        final List<String> words = new ArrayList<>(List.of(
                "strace",
                "-f",
                "-qq",
                "-y",
                "--seccomp-bpf",
                "-o",
                trace.toString(),
                "-e",
                "trace=" + syscall,
                "-e",
                "inject=" + syscall + ":" + injection));
        files.forEach(file -> words.addAll(List.of("-P", file.toString())));
        return words.toArray(new String[0]);
    }
}
