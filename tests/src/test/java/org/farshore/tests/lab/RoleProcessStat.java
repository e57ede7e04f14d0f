package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the kernel says of a process: memory with each page counted once, and processor time. */
public final class RoleProcessStat {
    private static final int UTIME_FIELD = 11;
    private static final int INODE_FIELD = 9;
    private static final int HEXADECIMAL = 16;

    private RoleProcessStat() {}

    /** Proportional set size in bytes: a page mapped twice by one process counts once. */
    public static long pssBytes(final long pid) {
        for (final String line : read(Path.of("/proc/" + pid + "/smaps_rollup")).split("\n")) {
            if (line.startsWith("Pss:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new AssertionError("no Pss of process " + pid);
    }

    /** User and system time of all threads in clock ticks of 10 ms. */
    public static long cpuTicks(final long pid) {
        final String stat = read(Path.of("/proc/" + pid + "/stat"));
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[UTIME_FIELD]) + Long.parseLong(fields[UTIME_FIELD + 1]);
    }

    /** Effective capabilities as a hexadecimal number, and the user id, as the kernel prints them. */
    public static String credentials(final long pid) {
        final StringBuilder text = new StringBuilder();
        for (final String line : read(Path.of("/proc/" + pid + "/status")).split("\n")) {
            if (line.startsWith("Uid:") || line.startsWith("CapEff:")) {
                text.append(line.replace('\t', ' ')).append(' ');
            }
        }
        return text.toString().strip();
    }

    /** Every UDP port that the process has open, in its own network namespace. */
    public static List<Integer> udpPorts(final long pid) {
        final Set<String> sockets = new HashSet<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
            for (final Path descriptor : descriptors) {
                final String target = Files.readSymbolicLink(descriptor).toString();
                if (target.startsWith("socket:[")) {
                    sockets.add(target.substring("socket:[".length(), target.length() - 1));
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        final List<Integer> ports = new ArrayList<>();
        for (final String table : List.of("udp", "udp6")) {
            read(Path.of("/proc/" + pid + "/net/" + table))
                    .lines()
                    .skip(1)
                    .map(line -> line.strip().split("\\s+"))
                    .filter(fields -> sockets.contains(fields[INODE_FIELD]))
                    .forEach(fields -> ports.add(
                            Integer.parseInt(fields[1].substring(fields[1].lastIndexOf(':') + 1), HEXADECIMAL)));
        }
        return ports;
    }

    private static String read(final Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
